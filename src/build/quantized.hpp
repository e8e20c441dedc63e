// The items as a build sees them: signed bytes in the index's space, a scale and a squared norm each.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "build/encode.hpp"
#include "forest/grow.hpp"
#include "graph/distances.hpp"
#include "kernels/prefetch.hpp"
#include "opened/space.hpp"

namespace nearfile::build {

// For inner products trees and the graph see directions alone: the tails are those of length one.
struct QuantizedVectors {
    // Stands in the row, after the code: a distance reads both.
    struct Tail {
        float scale;
        float squared_norm;  // of scale * code
    };

    QuantizedVectors() = default;
    QuantizedVectors(std::size_t dim_, std::uint32_t count);

    std::size_t dim = 0;
    std::size_t tail_at = 0;  // in a row: dim in whole eights, as sketches read codes; zeros fill up
    std::size_t stride = 0;   // a multiple of 16
    base::AlignedBuffer rows;
    std::vector<float> own_scales;  // where those of the tails are not the codes' own, else empty
    std::vector<float> full_norms;  // squared, of the vectors themselves, relative to the center

    std::uint32_t count() const noexcept { return static_cast<std::uint32_t>(full_norms.size()); }
    const std::int8_t* code(std::uint32_t item) const noexcept {
        return rows.as<const std::int8_t>().data() + item * stride;
    }
    std::int8_t* code(std::uint32_t item) noexcept { return rows.as<std::int8_t>().data() + item * stride; }
    const Tail& tail(std::uint32_t item) const noexcept {
        return *reinterpret_cast<const Tail*>(rows.data() + item * stride + tail_at);
    }
    Tail& tail(std::uint32_t item) noexcept { return *reinterpret_cast<Tail*>(rows.data() + item * stride + tail_at); }
    float own_scale(std::uint32_t item) const noexcept {
        return own_scales.empty() ? tail(item).scale : own_scales[item];
    }
    void set(std::uint32_t item, const codes::ScaledQuery& coded) noexcept;
    // From now on directions alone.
    void take_lengths_away();
    // What the code stands for, at its own length.
    void decode(std::uint32_t item, std::span<float> out) const noexcept;
    void prefetch(std::uint32_t item) const noexcept {
        for (std::size_t i = 0; i < stride; i += 64) kernels::prefetch(code(item) + i);
    }
    forest::Points points() const noexcept;
};

QuantizedVectors quantize(const kernels::Kernels& kernels, Metric metric, const Rows& rows, const opened::Space& space,
                          std::span<const float> center, unsigned threads, const StageWatch& watch);

// In the order given: item i becomes what order[i] was; as many as that has.
QuantizedVectors reorder(const QuantizedVectors& points, std::span<const std::uint32_t> order, unsigned threads,
                         const StageWatch& watch);
base::AlignedBuffer reorder(std::span<const std::byte> rows, std::size_t stride, std::span<const std::uint32_t> order,
                            unsigned threads, const StageWatch& watch);

// The other way round: what i was becomes item places[i]. For rows that are read one after another and go to few places
// at a time.
QuantizedVectors scatter(const QuantizedVectors& points, std::span<const std::uint32_t> places, unsigned threads,
                         const StageWatch& watch);
base::AlignedBuffer scatter(std::span<const std::byte> rows, std::size_t stride, std::span<const std::uint32_t> places,
                            unsigned threads, const StageWatch& watch);

// An item's code as the kernels take queries: zeros up to a multiple of 64.
class PaddedCode {
public:
    PaddedCode(const QuantizedVectors& points, std::uint32_t item);
    const std::int8_t* data() const noexcept { return large_.empty() ? small_.data() : large_.data(); }

private:
    alignas(64) std::array<std::int8_t, 1088> small_;
    std::vector<std::int8_t> large_;
};

// Squared Euclidean distances of items.
class QuantizedDistances final : public graph::Distances {
public:
    QuantizedDistances(const kernels::Kernels& kernels, const QuantizedVectors& points)
        : kernels_(kernels), points_(points) {}
    std::uint32_t count() const noexcept override { return points_.count(); }
    void from(graph::ItemId item, std::span<const graph::ItemId> to, float* out) const override;
    std::unique_ptr<graph::PackedRows> packed() const override;
    float scaled(float factor) const noexcept override { return factor * factor; }
    bool spreads_duplicates() const noexcept override { return !points_.own_scales.empty(); }

private:
    const kernels::Kernels& kernels_;
    const QuantizedVectors& points_;
};

// Of codes whose differences are summed: manhattan on bytes, hamming on bits.
class CodeDistances final : public graph::Distances {
public:
    CodeDistances(const kernels::Kernels& kernels, const std::byte* rows, std::size_t stride, std::size_t dim,
                  bool bits, std::uint32_t count)
        : kernels_(kernels), rows_(rows), stride_(stride), dim_(dim), bits_(bits), count_(count) {}
    std::uint32_t count() const noexcept override { return count_; }
    std::size_t stride() const noexcept { return stride_; }
    void from(graph::ItemId item, std::span<const graph::ItemId> to, float* out) const override {
        from_code(rows_ + item * stride_, to, out);
    }
    // From something else that is encoded like items.
    void from_code(const std::byte* code, std::span<const graph::ItemId> to, float* out) const;
    float scaled(float factor) const noexcept override { return factor; }

private:
    const kernels::Kernels& kernels_;
    const std::byte* rows_;
    std::size_t stride_;
    std::size_t dim_;
    bool bits_;
    std::uint32_t count_;
};

}  // namespace nearfile::build
