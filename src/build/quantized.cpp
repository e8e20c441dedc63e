#include "build/quantized.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>

#include "build/stages.hpp"
#include "codes/bits.hpp"
#include "codes/scaled.hpp"

namespace nearfile::build {
namespace {

constexpr std::size_t batch = 128;
constexpr std::size_t most_queries = 4;  // of dot_i8_block
constexpr std::size_t rows_ahead = 6;

float squared(float norm, float scale, float other_norm, float other_scale, std::int32_t product) {
    const float distance = norm + other_norm - 2.0f * (scale * other_scale * static_cast<float>(product));
    return distance > 0.0f ? distance : 0.0f;
}

// Rows one after another, each filled up with zeros so that it can be a query.
class PackedVectors final : public graph::PackedRows {
public:
    PackedVectors(const kernels::Kernels& kernels, const QuantizedVectors& points)
        : kernels_(kernels), points_(points), bytes_((points.dim + 63) / 64 * 64) {}

    void take(std::span<const graph::ItemId> some) override {
        if (scales_.size() < some.size()) {
            rows_ = base::allocate(some.size() * bytes_ + kernels::code_overread);
            std::memset(rows_.data(), 0, rows_.size());
            scales_.resize(some.size());
            norms_.resize(some.size());
            products_.resize(most_queries * some.size());
        }
        count_ = some.size();
        for (std::size_t i = 0; i < count_; ++i) {
            if (i + rows_ahead < count_) points_.prefetch(some[i + rows_ahead]);
            std::memcpy(rows_.data() + i * bytes_, points_.code(some[i]), points_.dim);
            scales_[i] = points_.tail(some[i]).scale;
            norms_[i] = points_.tail(some[i]).squared_norm;
        }
    }

    void keep(std::span<const std::uint32_t> places) override {
        for (std::size_t i = 0; i < places.size(); ++i) {
            if (places[i] == i) continue;
            std::memcpy(rows_.data() + i * bytes_, rows_.data() + places[i] * bytes_, bytes_);
            scales_[i] = scales_[places[i]];
            norms_[i] = norms_[places[i]];
        }
        count_ = places.size();
    }

    void onwards(std::uint32_t place, float* out) override {
        const std::size_t n = count_ - place - 1;
        kernels_.dot_i8(row(place), row(place + 1), bytes_, nullptr, n, points_.dim, products_.data());
        distances(place, place + 1, n, products_.data(), out);
    }

    // One half of the pairs is multiplied, blocks of rows with all that follow; the other half is the same.
    void all(std::size_t stride, float* out) override {
        for (std::size_t i = 0; i < count_; i += most_queries) {
            const std::size_t n_queries = std::min(most_queries, count_ - i);
            const std::size_t n = count_ - i;
            kernels_.dot_i8_block(row(i), n_queries, row(i), bytes_, n, points_.dim, products_.data());
            for (std::size_t k = 0; k < n_queries; ++k) {
                distances(i + k, i, n, products_.data() + k * n, out + (i + k) * stride + i);
            }
            for (std::size_t j = i + n_queries; j < count_; ++j) {
                for (std::size_t k = i; k < i + n_queries; ++k) out[j * stride + k] = out[k * stride + j];
            }
        }
    }

private:
    // From one to `n` in sequence.
    void distances(std::size_t place, std::size_t first, std::size_t n, const std::int32_t* products,
                   float* out) const noexcept {
        const float norm = norms_[place];
        const float scale = scales_[place];
        const float* const norms = norms_.data() + first;
        const float* const scales = scales_.data() + first;
        for (std::size_t j = 0; j < n; ++j) out[j] = squared(norm, scale, norms[j], scales[j], products[j]);
    }

    const std::int8_t* row(std::size_t place) const noexcept {
        return rows_.as<const std::int8_t>().data() + place * bytes_;
    }

    const kernels::Kernels& kernels_;
    const QuantizedVectors& points_;
    std::size_t bytes_;
    std::size_t count_ = 0;
    base::AlignedBuffer rows_;
    std::vector<float> scales_;
    std::vector<float> norms_;
    std::vector<std::int32_t> products_;
};

}  // namespace

QuantizedVectors::QuantizedVectors(std::size_t dim_, std::uint32_t count)
    : dim(dim_),
      tail_at((dim_ + 7) / 8 * 8),
      stride((tail_at + sizeof(Tail) + 15) / 16 * 16),
      rows(base::allocate(count * stride)),
      full_norms(count) {}

void QuantizedVectors::set(std::uint32_t item, const codes::ScaledQuery& coded) noexcept {
    std::copy_n(coded.code(), dim, code(item));
    tail(item) = {coded.tail().scale, coded.tail().squared_norm};
}

void QuantizedVectors::take_lengths_away() {
    own_scales.resize(count());
    for (std::uint32_t item = 0; item < count(); ++item) {
        own_scales[item] = tail(item).scale;
        double squares = 0;
        for (std::size_t i = 0; i < dim; ++i) squares += static_cast<double>(code(item)[i]) * code(item)[i];
        // What has no direction stays where it is.
        const float scale = squares > 0 ? static_cast<float>(1.0 / std::sqrt(squares)) : 0.0f;
        // In the order of roundings that makes the distance of duplicates nothing at all.
        tail(item) = {scale, scale * scale * static_cast<float>(squares)};
    }
}

void QuantizedVectors::decode(std::uint32_t item, std::span<float> out) const noexcept {
    const std::int8_t* from = code(item);
    const float scale = own_scale(item);
    for (std::size_t i = 0; i < dim; ++i) out[i] = scale * static_cast<float>(from[i]);
}

forest::Points QuantizedVectors::points() const noexcept {
    return {code(0), stride, {rows.data() + tail_at + offsetof(Tail, scale), stride}, {}, dim, count()};
}

QuantizedVectors quantize(const kernels::Kernels& kernels, Metric metric, const Rows& rows, const opened::Space& space,
                          std::span<const float> center, unsigned threads, const StageWatch& watch) {
    QuantizedVectors points(space.dim(), rows.count());
    // A vector without direction is at a right angle to everything, as far as half of all directions are: it has no
    // place in the space, but a length that makes it so from where a usual query is.
    float apart = 1.0f;
    for (const float value : center) apart += value * value;
    run_blocks(
        "quantizing", rows.count(), threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            std::vector<float> values(rows.dim());
            std::vector<float> seen(space.dim());
            codes::ScaledQuery whole(rows.dim());
            codes::ScaledQuery coded(space.dim());
            codes::ScaledQuery nowhere(space.dim());
            nowhere.set(kernels, std::vector<float>(space.dim()));
            for (std::uint32_t row = begin; row < end; ++row) {
                if (!load_row(kernels, metric, rows, row, values)) {
                    points.set(row, nowhere);
                    points.tail(row).squared_norm = apart;
                    points.full_norms[row] = apart;
                    continue;
                }
                for (std::size_t i = 0; i < center.size(); ++i) values[i] -= center[i];
                if (space.kind() == opened::SpaceKind::projection) whole.set(kernels, values);
                space.apply(kernels, values, whole, seen);
                coded.set(kernels, seen);
                points.set(row, coded);
                kernels.dot_f32(values.data(), values.data(), 0, nullptr, 1, values.size(), &points.full_norms[row]);
            }
        },
        watch);
    if (metric == Metric::dot) points.take_lengths_away();
    return points;
}

QuantizedVectors reorder(const QuantizedVectors& points, std::span<const std::uint32_t> order, unsigned threads,
                         const StageWatch& watch) {
    const auto count = static_cast<std::uint32_t>(order.size());
    QuantizedVectors moved(points.dim, count);
    if (!points.own_scales.empty()) moved.own_scales.resize(count);
    run_blocks(
        "order", count, threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            for (std::uint32_t item = begin; item < end; ++item) {
                const std::uint32_t from = order[item];
                std::memcpy(moved.rows.data() + item * moved.stride, points.rows.data() + from * points.stride,
                            points.stride);
                moved.full_norms[item] = points.full_norms[from];
                if (!moved.own_scales.empty()) moved.own_scales[item] = points.own_scales[from];
            }
        },
        watch);
    return moved;
}

base::AlignedBuffer reorder(std::span<const std::byte> rows, std::size_t stride, std::span<const std::uint32_t> order,
                            unsigned threads, const StageWatch& watch) {
    base::AlignedBuffer moved = base::allocate(order.size() * stride);
    run_blocks(
        "order", static_cast<std::uint32_t>(order.size()), threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            for (std::size_t item = begin; item < end; ++item) {
                std::memcpy(moved.data() + item * stride, rows.data() + order[item] * stride, stride);
            }
        },
        watch);
    return moved;
}

QuantizedVectors scatter(const QuantizedVectors& points, std::span<const std::uint32_t> places, unsigned threads,
                         const StageWatch& watch) {
    QuantizedVectors moved(points.dim, 0);
    moved.full_norms.resize(points.count());
    moved.own_scales.resize(points.own_scales.size());
    moved.rows = scatter(points.rows.bytes(), points.stride, places, threads, watch);
    for (std::uint32_t item = 0; item < points.count(); ++item) {
        moved.full_norms[places[item]] = points.full_norms[item];
        if (!moved.own_scales.empty()) moved.own_scales[places[item]] = points.own_scales[item];
    }
    return moved;
}

base::AlignedBuffer scatter(std::span<const std::byte> rows, std::size_t stride, std::span<const std::uint32_t> places,
                            unsigned threads, const StageWatch& watch) {
    base::AlignedBuffer moved = base::allocate(rows.size());
    run_blocks(
        "order", static_cast<std::uint32_t>(places.size()), threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            for (std::size_t row = begin; row < end; ++row) {
                std::memcpy(moved.data() + places[row] * stride, rows.data() + row * stride, stride);
            }
        },
        watch);
    return moved;
}

PaddedCode::PaddedCode(const QuantizedVectors& points, std::uint32_t item) {
    constexpr std::size_t padding = 64;
    if (points.dim + padding > small_.size()) large_.resize(points.dim + padding);
    std::int8_t* const to = large_.empty() ? small_.data() : large_.data();
    std::memcpy(to, points.code(item), points.dim);
    std::memset(to + points.dim, 0, padding);
}

void QuantizedDistances::from(graph::ItemId item, std::span<const graph::ItemId> to, float* out) const {
    const PaddedCode query(points_, item);
    const QuantizedVectors::Tail own = points_.tail(item);
    std::array<std::int32_t, batch> products;
    for (std::size_t start = 0; start < to.size(); start += batch) {
        const std::size_t n = std::min(batch, to.size() - start);
        kernels_.dot_i8(query.data(), points_.code(0), points_.stride, to.data() + start, n, points_.dim,
                        products.data());
        for (std::size_t j = 0; j < n; ++j) {
            const QuantizedVectors::Tail& other = points_.tail(to[start + j]);
            out[start + j] = squared(own.squared_norm, own.scale, other.squared_norm, other.scale, products[j]);
        }
    }
}

std::unique_ptr<graph::PackedRows> QuantizedDistances::packed() const {
    return std::make_unique<PackedVectors>(kernels_, points_);
}

void CodeDistances::from_code(const std::byte* code, std::span<const graph::ItemId> to, float* out) const {
    std::array<std::uint32_t, batch> sums;
    // A copy, because a query must be padded with zeros and a row is not.
    std::vector<std::uint64_t> query((stride_ + 64 + 7) / 8);
    std::memcpy(query.data(), code, bits_ ? stride_ : dim_);
    for (std::size_t start = 0; start < to.size(); start += batch) {
        const std::size_t n = std::min(batch, to.size() - start);
        if (bits_) {
            kernels_.hamming(query.data(), reinterpret_cast<const std::uint64_t*>(rows_), stride_, to.data() + start, n,
                             codes::words_of(dim_), sums.data());
        } else {
            kernels_.l1_u8(reinterpret_cast<const std::uint8_t*>(query.data()),
                           reinterpret_cast<const std::uint8_t*>(rows_), stride_, to.data() + start, n, dim_,
                           sums.data());
        }
        for (std::size_t j = 0; j < n; ++j) out[start + j] = static_cast<float>(sums[j]);
    }
}

}  // namespace nearfile::build
