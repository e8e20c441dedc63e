// Inline sketches: with every vertex of the graph, one bit a dimension of each of its neighbours, and two numbers that
// make of it an estimate of the neighbour's distance (RaBitQ: Gao and Long 2024; beside the edges as in SymphonyQG: Gou
// et al. 2025). One sequential read says which neighbours deserve a look at their codes.
//
// The bits are the signs s of r = neighbour - vertex in rotated space. Along r they say <r, y> ~ f <s, y> with
// f = |r|^2 / |r|_1, so that for a query q
//
//     |q - neighbour|^2 = |q - vertex|^2 + |r|^2 - 2 <r, q - vertex> ~ |q - vertex|^2 + additive - factor * <s, q>
//     additive = |r|^2 + factor * <s, vertex>,  factor = 2 f
//
// and for inner products, where the distance is the negative product, additive = f * <s, vertex> - <r, vertex> is left
// out: -<q, neighbour> ~ -<q, vertex> - f * <s, q>.
//
// A row of the graph: the neighbours' numbers, then their additive, then their factor as bfloat16, then the bits
// in groups of 16 neighbours as kernels/kernels.hpp lays them out. A place that is not taken has no_neighbor, infinity
// and zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/aligned_buffer.hpp"
#include "kernels/kernels.hpp"

namespace nearfile::codes {

inline constexpr std::size_t sketch_group = 16;
inline constexpr std::uint32_t no_neighbor = 0xffffffffu;

struct SketchLayout {
    std::size_t dim;
    std::size_t degree;  // a multiple of sketch_group
    std::size_t pairs;   // of look-up tables, 4 dimensions each
    std::size_t additive;
    std::size_t factor;
    std::size_t bits;
    std::size_t stride;

    SketchLayout(std::size_t dim_, std::size_t degree_) noexcept
        : dim(dim_),
          degree(degree_),
          pairs((dim_ + 31) / 32 * 4),
          additive(degree * sizeof(std::uint32_t)),
          factor(additive + degree * sizeof(std::uint16_t)),
          bits(factor + degree * sizeof(std::uint16_t)),
          stride((bits + degree * pairs + 63) / 64 * 64) {}
    std::size_t groups() const noexcept { return degree / sketch_group; }
};

enum class SketchKind { squared_distance, inner_product };

// Writes rows of the graph.
class SketchWriter {
public:
    SketchWriter(const kernels::Kernels& kernels, const SketchLayout& layout, SketchKind kind) noexcept
        : kernels_(&kernels), layout_(layout), kind_(kind) {}

    // A row of no neighbours.
    void clear(std::byte* row) const noexcept;

    // vertex: dim floats, zeros up to a multiple of 8. The neighbour is scale * code, codes padded alike.
    void add(std::byte* row, std::size_t place, std::uint32_t id, const float* vertex, const std::int8_t* code,
             float code_scale) const;

private:
    const kernels::Kernels* kernels_;
    SketchLayout layout_;
    SketchKind kind_;
};

// The look-up tables of a query. Reused from query to query.
class SketchTables {
public:
    explicit SketchTables(const SketchLayout& layout);
    void set(std::span<const float> query);
    const kernels::SketchQuery& query() const noexcept { return query_; }

private:
    std::size_t pairs_;
    base::AlignedBuffer tables_;
    base::AlignedBuffer padded_;
    base::AlignedBuffer least_;
    kernels::SketchQuery query_{};
};

}  // namespace nearfile::codes
