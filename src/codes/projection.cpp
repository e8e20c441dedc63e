#include "codes/projection.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <new>

#include "base/parallel.hpp"
#include "base/random.hpp"
#include "base/rounding.hpp"

namespace nearfile::codes {
namespace {

constexpr int iterations = 2;

// Within the subspace, where one costs next to nothing: so many that its first directions are the leading ones.
constexpr int inner_iterations = 6;

// Sums go over so many points of a sample, then over the sums: the same on any number of threads.
constexpr std::size_t points_a_task = 256;
constexpr std::size_t rows_a_task = 16;

// Rows of equal length, one after another.
struct Matrix {
    std::size_t width;
    std::vector<float> values;

    Matrix(std::size_t rows, std::size_t width_) : width(width_), values(rows * width_) {}
    std::size_t rows() const noexcept { return values.size() / width; }
    std::span<float> row(std::size_t i) noexcept { return std::span(values).subspan(i * width, width); }
    std::span<const float> row(std::size_t i) const noexcept { return std::span(values).subspan(i * width, width); }
};

struct Work {
    const kernels::Kernels& kernels;
    unsigned threads;

    // The products of a vector with the first `count` rows.
    void multiply(std::span<const float> vector, const Matrix& matrix, std::size_t count, float* out) const {
        kernels.dot_f32(vector.data(), matrix.values.data(), matrix.width * sizeof(float), nullptr, count, matrix.width,
                        out);
    }

    // `work` takes rows from the first to before the last.
    template <class Some>
    void in_parallel(std::size_t count, std::size_t a_task, const Some& work) const {
        base::parallel_for((count + a_task - 1) / a_task, threads,
                           [&](std::size_t task) { work(task * a_task, std::min(count, (task + 1) * a_task)); });
    }
};

void add_scaled(std::span<float> to, std::span<const float> from, float weight) noexcept {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] += weight * from[i];
}

// Near enough to normal for a random direction: the sum of four uniform numbers.
void fill_random(Matrix& matrix, base::Random& random) {
    for (float& value : matrix.values) {
        const std::uint64_t bits = random.next();
        std::int64_t sum = 0;
        for (int part = 0; part < 4; ++part) sum += static_cast<std::int64_t>(bits >> (16 * part) & 0xffff) - 32768;
        value = static_cast<float>(sum) * (1.0f / 65536.0f);
    }
}

// Gram-Schmidt, each row twice against those before it; a row with nothing left becomes zero.
void orthonormalise(const Work& work, Matrix& matrix) {
    std::vector<float> products(matrix.rows());
    for (std::size_t i = 0; i < matrix.rows(); ++i) {
        const auto row = matrix.row(i);
        float before = 0;
        work.kernels.dot_f32(row.data(), row.data(), 0, nullptr, 1, row.size(), &before);
        for (int pass = 0; pass < 2; ++pass) {
            work.multiply(row, matrix, i, products.data());
            for (std::size_t j = 0; j < i; ++j) add_scaled(row, matrix.row(j), -products[j]);
        }
        float after = 0;
        work.kernels.dot_f32(row.data(), row.data(), 0, nullptr, 1, row.size(), &after);
        const float inverse = std::sqrt(after) > std::sqrt(before) * 1e-6f ? 1.0f / std::sqrt(after) : 0.0f;
        for (float& value : row) value *= inverse;
    }
}

// Row j: the points, each times `weights` of it and j.
Matrix weighted_sums(const Work& work, const Matrix& points, const Matrix& weights) {
    const std::size_t n_sums = weights.width;
    Matrix sums(n_sums, points.width);
    work.in_parallel(n_sums, rows_a_task, [&](std::size_t begin, std::size_t end) {
        // Some points at a time, so that they stay in cache while all of the task's sums take them.
        for (std::size_t first = 0; first < points.rows(); first += points_a_task / 8) {
            const std::size_t last = std::min(points.rows(), first + points_a_task / 8);
            for (std::size_t j = begin; j < end; ++j) {
                for (std::size_t i = first; i < last; ++i) add_scaled(sums.row(j), points.row(i), weights.row(i)[j]);
            }
        }
    });
    return sums;
}

Matrix products_with(const Work& work, const Matrix& points, const Matrix& directions) {
    Matrix products(points.rows(), directions.rows());
    work.in_parallel(points.rows(), points_a_task, [&](std::size_t begin, std::size_t end) {
        // Some directions at a time, for the same reason.
        for (std::size_t first = 0; first < directions.rows(); first += rows_a_task) {
            const std::size_t count = std::min(rows_a_task, directions.rows() - first);
            for (std::size_t i = begin; i < end; ++i) {
                work.kernels.dot_f32(points.row(i).data(), directions.row(first).data(),
                                     directions.width * sizeof(float), nullptr, count, directions.width,
                                     products.row(i).data() + first);
            }
        }
    });
    return products;
}

// The rows of `second` in terms of those of `first`.
Matrix combine(const Work& work, const Matrix& first, const Matrix& second) {
    Matrix combined(second.rows(), first.width);
    work.in_parallel(second.rows(), rows_a_task, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            for (std::size_t j = 0; j < first.rows(); ++j) {
                add_scaled(combined.row(i), first.row(j), second.row(i)[j]);
            }
        }
    });
    return combined;
}

// Directions that span what varies most, turned so that the first of them span what varies most of it.
Matrix leading_first(const Work& work, const Matrix& points, const Matrix& directions) {
    const Matrix products = products_with(work, points, directions);
    Matrix moments = weighted_sums(work, products, products);
    const float largest = work.kernels.largest_magnitude(moments.values.data(), moments.values.size());
    for (float& value : moments.values) value *= largest > 0 ? 1.0f / largest : 1.0f;
    Matrix turned(moments.rows(), moments.rows());
    for (std::size_t i = 0; i < moments.rows(); ++i) turned.row(i)[i] = 1;
    for (int iteration = 0; iteration < inner_iterations; ++iteration) {
        turned = products_with(work, turned, moments);
        orthonormalise(work, turned);
    }
    Matrix leading = combine(work, directions, turned);
    orthonormalise(work, leading);
    return leading;
}

}  // namespace

void Projection::apply(const kernels::Kernels& kernels, const std::int8_t* code, float scale,
                       std::span<float> out) const {
    std::array<std::int32_t, projected_dim> products;
    for (std::size_t start = 0; start < directions(); start += products.size()) {
        const std::size_t n = std::min(products.size(), directions() - start);
        kernels.dot_i8(code, rows.data() + start * dim, dim, nullptr, n, dim, products.data());
        for (std::size_t j = 0; j < n; ++j) {
            out[start + j] = scale * scales[start + j] * static_cast<float>(products[j]);
        }
    }
}

Directions::Directions(const kernels::Kernels& kernels, std::span<const float> sample, std::size_t dim,
                       std::size_t wanted, std::uint64_t seed, unsigned threads)
    : dim_(dim), rotation_seed_(base::derive_seed(seed, 1)) {
    const Work work{kernels, threads};
    base::Random random(seed);
    Matrix directions(wanted, dim);
    fill_random(directions, random);
    // Leave the sample's scale out, so that squares stay in range.
    Matrix points(sample.size() / dim, dim);
    const float largest = kernels.largest_magnitude(sample.data(), sample.size());
    const float unit = largest > 0 ? 1.0f / largest : 1.0f;
    for (std::size_t i = 0; i < sample.size(); ++i) points.values[i] = sample[i] * unit;
    for (int iteration = 0; iteration < iterations; ++iteration) {
        orthonormalise(work, directions);
        directions = weighted_sums(work, points, products_with(work, points, directions));
    }
    orthonormalise(work, directions);
    rows_ = std::move(leading_first(work, points, directions).values);
}

TrainedProjection Directions::leading(const kernels::Kernels& kernels, std::size_t count) const {
    const Work work{kernels, 1};
    base::Random random(rotation_seed_);
    Matrix rotation(count, count);
    fill_random(rotation, random);
    orthonormalise(work, rotation);
    Matrix kept(count, dim_);
    std::copy_n(rows_.begin(), kept.values.size(), kept.values.begin());
    const Matrix rotated = combine(work, kept, rotation);
    TrainedProjection trained{base::AlignedBuffer(count * dim_), std::vector<float>(count)};
    if (!trained.rows.ok()) throw std::bad_alloc();
    const auto codes = trained.rows.as<std::int8_t>();
    for (std::size_t j = 0; j < count; ++j) {
        const auto row = rotated.row(j);
        const float scale = kernels.largest_magnitude(row.data(), row.size()) / 127.0f;
        trained.scales[j] = scale;
        if (!(scale > 0)) continue;
        for (std::size_t i = 0; i < dim_; ++i) {
            codes[j * dim_ + i] = base::round_to_int8(row[i] / scale);
        }
    }
    return trained;
}

TrainedProjection train_projection(const kernels::Kernels& kernels, std::span<const float> sample, std::size_t dim,
                                   std::size_t directions, std::uint64_t seed, unsigned threads) {
    return Directions(kernels, sample, dim, directions, seed, threads).leading(kernels, directions);
}

}  // namespace nearfile::codes
