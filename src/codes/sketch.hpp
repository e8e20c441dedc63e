// Inline sketches: with every vertex of the graph, some bits of each of its neighbours, one a dimension, and two
// numbers that make of it an estimate of the neighbour's distance (RaBitQ: Gao and Long 2024; beside the edges as in
// SymphonyQG: Gou et al. 2025). One sequential read says which neighbours deserve a look at their codes.
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
// In rotated space any of the dimensions are as good as the others, so bits may see the first m of them alone: with
// r_m, y_m and q_m for those, <r, y> ~ f <s, y_m> with f = |r|^2 / |r_m|_1. In parts of |r| |y| that is off by
// sqrt(pi / (2 m)), whatever the number of dimensions, and less where m is all of them, by sqrt((pi - 2) / (2 m)): 768
// of them do not want six times the bits of 128.
//
// A row of the graph: the bits in groups of 16 neighbours as kernels/kernels.hpp lays them out, then additive and
// factor of each in a byte, then the neighbours' numbers, then what the bytes are counted in. A factor is rounded to
// the nearest step, and additive belongs to the rounded one, so that what rounding does is small where the query is
// near the vertex. An additive is rounded down, to the square of a byte: never is a neighbour thought farther for it,
// and near neighbours are told apart beside far ones. A place that is not taken has a number that no item has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "kernels/kernels.hpp"

namespace nearfile::codes {

inline constexpr std::size_t sketch_group = 16;
inline constexpr std::size_t places_a_mask = 64;  // of kernels.sketch_below

enum class SketchKind { squared_distance, inner_product };

// What the bytes of a row are counted in.
struct SketchScales {
    float factor_step;
    float additive_step;  // this and the next: of squared distances alone
    float least_additive;
};

// Where things are in a row. The bits come first.
struct SketchLayout {
    SketchKind kind;
    std::size_t dim;
    std::size_t degree;    // a multiple of sketch_group
    std::size_t id_bytes;  // of a neighbour's number
    std::size_t pairs;     // of look-up tables, 4 dimensions each
    std::size_t additive;  // where factors are, if there are none
    std::size_t factor;
    std::size_t ids;
    std::size_t scales;  // the first of them, or all three
    std::size_t stride;

    SketchLayout(std::size_t dim_, std::size_t degree_, std::size_t id_bytes_, SketchKind kind_) noexcept
        : kind(kind_),
          dim(dim_),
          degree(degree_),
          id_bytes(id_bytes_),
          pairs((dim_ + 31) / 32 * 4),
          additive(degree * pairs),
          factor(additive + (kind == SketchKind::squared_distance ? degree : 0)),
          ids(factor + degree),
          scales(ids + degree * id_bytes),
          stride((scales + scale_bytes() + 15) / 16 * 16) {}
    std::size_t groups() const noexcept { return degree / sketch_group; }
    std::size_t masks() const noexcept { return (degree + places_a_mask - 1) / places_a_mask; }
    std::size_t scale_bytes() const noexcept {
        return kind == SketchKind::squared_distance ? sizeof(SketchScales) : sizeof(float);
    }
    SketchScales scales_of(const std::byte* row) const noexcept {
        SketchScales read{};
        std::memcpy(&read, row + scales, scale_bytes());
        return read;
    }
    kernels::SketchRow view(const std::byte* row, const SketchScales& read) const noexcept {
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(row);
        return {bytes, bytes + additive, bytes + factor, read.additive_step, read.factor_step};
    }
};

// Writes rows of the graph, one after another.
class SketchWriter {
public:
    // `dim`: of what is sketched, of which the bits see the first layout.dim.
    SketchWriter(const kernels::Kernels& kernels, const SketchLayout& layout, std::size_t dim);
    SketchWriter(const kernels::Kernels& kernels, const SketchLayout& layout)
        : SketchWriter(kernels, layout, layout.dim) {}

    // A row of no neighbours, to which `add` adds and which `finish` ends.
    void begin(std::byte* row) noexcept;

    // In the next place. vertex: dim floats, zeros up to a multiple of 8. The neighbour is scale * code, codes padded
    // alike.
    void add(std::uint32_t id, const float* vertex, const std::int8_t* code, float code_scale) noexcept;

    void finish() noexcept;

private:
    // What becomes bytes once all neighbours are known.
    struct Pending {
        float squares;  // |r|^2
        float factor;
        float along;  // <s, vertex>
    };

    const kernels::Kernels* kernels_;
    SketchLayout layout_;
    std::size_t unseen_;                      // dimensions that no bit sees, up to a multiple of 8
    std::vector<std::uint8_t> unseen_signs_;  // written and not kept
    std::vector<Pending> pending_;
    std::byte* row_ = nullptr;
    std::size_t n_ = 0;
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
