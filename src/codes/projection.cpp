#include "codes/projection.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <new>

#include "base/random.hpp"
#include "base/rounding.hpp"

namespace nearfile::codes {
namespace {

constexpr int iterations = 2;

// Rows of equal length, one after another.
struct Matrix {
    std::size_t width;
    std::vector<float> values;

    Matrix(std::size_t rows, std::size_t width_) : width(width_), values(rows * width_) {}
    std::size_t rows() const noexcept { return values.size() / width; }
    std::span<float> row(std::size_t i) noexcept { return std::span(values).subspan(i * width, width); }
};

float dot(const kernels::Kernels& kernels, std::span<const float> a, std::span<const float> b) {
    float product = 0;
    kernels.dot_f32(a.data(), b.data(), 0, nullptr, 1, a.size(), &product);
    return product;
}

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
void orthonormalise(const kernels::Kernels& kernels, Matrix& matrix) {
    for (std::size_t i = 0; i < matrix.rows(); ++i) {
        const auto row = matrix.row(i);
        const float before = std::sqrt(dot(kernels, row, row));
        for (int pass = 0; pass < 2; ++pass) {
            for (std::size_t j = 0; j < i; ++j) add_scaled(row, matrix.row(j), -dot(kernels, row, matrix.row(j)));
        }
        const float after = std::sqrt(dot(kernels, row, row));
        const float inverse = after > before * 1e-4f ? 1.0f / after : 0.0f;
        for (float& value : row) value *= inverse;
    }
}

// Leave the sample's scale out, so that squares stay in range.
float largest_magnitude(std::span<const float> values) noexcept {
    float largest = 0;
    for (const float value : values) largest = std::max(largest, std::fabs(value));
    return largest;
}

Matrix leading_directions(const kernels::Kernels& kernels, std::span<const float> sample, std::size_t dim,
                          base::Random& random) {
    Matrix directions(projected_dim, dim);
    fill_random(directions, random);
    const float largest = largest_magnitude(sample);
    const float unit = largest > 0 ? 1.0f / largest : 1.0f;
    std::vector<float> point(dim);
    std::array<float, projected_dim> products;
    for (int iteration = 0; iteration < iterations; ++iteration) {
        orthonormalise(kernels, directions);
        Matrix next(projected_dim, dim);
        for (std::size_t start = 0; start < sample.size(); start += dim) {
            for (std::size_t i = 0; i < dim; ++i) point[i] = sample[start + i] * unit;
            kernels.dot_f32(point.data(), directions.values.data(), dim * sizeof(float), nullptr, projected_dim, dim,
                            products.data());
            for (std::size_t j = 0; j < projected_dim; ++j) add_scaled(next.row(j), point, products[j]);
        }
        directions = std::move(next);
    }
    orthonormalise(kernels, directions);
    return directions;
}

Matrix rotate_at_random(const kernels::Kernels& kernels, Matrix& directions, base::Random& random) {
    Matrix rotation(projected_dim, projected_dim);
    fill_random(rotation, random);
    orthonormalise(kernels, rotation);
    Matrix rotated(projected_dim, directions.width);
    for (std::size_t i = 0; i < projected_dim; ++i) {
        for (std::size_t j = 0; j < projected_dim; ++j) {
            add_scaled(rotated.row(i), directions.row(j), rotation.row(i)[j]);
        }
    }
    return rotated;
}

}  // namespace

void Projection::apply(const kernels::Kernels& kernels, const std::int8_t* code, float scale,
                       std::span<float> out) const {
    std::array<std::int32_t, projected_dim> products;
    kernels.dot_i8(code, rows.data(), dim, nullptr, projected_dim, dim, products.data());
    for (std::size_t j = 0; j < projected_dim; ++j) out[j] = scale * scales[j] * static_cast<float>(products[j]);
}

TrainedProjection train_projection(const kernels::Kernels& kernels, std::span<const float> sample, std::size_t dim,
                                   std::uint64_t seed) {
    base::Random random(seed);
    Matrix directions = leading_directions(kernels, sample, dim, random);
    Matrix rotated = rotate_at_random(kernels, directions, random);
    TrainedProjection trained{base::AlignedBuffer(projected_dim * dim), std::vector<float>(projected_dim)};
    if (!trained.rows.ok()) throw std::bad_alloc();
    const auto codes = trained.rows.as<std::int8_t>();
    for (std::size_t j = 0; j < projected_dim; ++j) {
        const auto row = rotated.row(j);
        const float scale = largest_magnitude(row) / 127.0f;
        trained.scales[j] = scale;
        if (!(scale > 0)) continue;
        for (std::size_t i = 0; i < dim; ++i) {
            codes[j * dim + i] = base::round_to_int8(row[i] / scale);
        }
    }
    return trained;
}

}  // namespace nearfile::codes
