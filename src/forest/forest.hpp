// Random-projection trees over the items, as they lie in the file: flat arrays, no pointers. Views only; the map or the
// builder owns the memory.
//
// A split divides space by a plane (or, for bit data, by one bit); a leaf is a run of item numbers. References between
// nodes, and item numbers, are checked where they are used, because a file may be hostile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/once.hpp"
#include "kernels/kernels.hpp"

namespace nearfile::forest {

using kernels::ItemId;

// A reference to a split, or, with the top bit set, to a leaf.
using NodeRef = std::uint32_t;
inline constexpr NodeRef leaf_bit = 0x80000000u;
inline constexpr std::uint32_t max_nodes = 0x7fffffffu;

inline bool is_leaf(NodeRef ref) noexcept {
    return (ref & leaf_bit) != 0;
}

// On disk, little-endian: do not change.
struct Split {
    NodeRef below;  // where the margin is not above zero, or the bit is 0
    NodeRef above;
    float
        scale;  // margin = scale * <plane code, point> + offset: the signed distance from the plane (offset 0 for dot)
    float offset;
};
static_assert(sizeof(Split) == 16);

// The same for bit data.
struct BitSplit {
    NodeRef below;
    NodeRef above;
    std::uint32_t bit;       // or no_bit: both sides are alike
    std::uint32_t reserved;  // zero
};
static_assert(sizeof(BitSplit) == 16);
inline constexpr std::uint32_t no_bit = 0xffffffffu;

// Items one after another.
struct Range {
    ItemId first = 0;
    std::size_t size = 0;
};

// What all metrics share: which items are in which leaf.
struct Leaves {
    std::span<const NodeRef> roots;
    std::span<const std::uint64_t> starts;  // leaf l holds items[starts[l] .. starts[l + 1])
    std::span<const ItemId> items;
    std::uint32_t leaf_size;  // the most items a leaf may have
    std::uint32_t count;      // items of the index: every item number is below

    // The leaf of a tree whose items are in order, so that it needs no list of them. Empty where the file is damaged.
    Range range(NodeRef ref) const noexcept {
        const std::size_t l = ref & ~leaf_bit;
        if (l + 1 >= starts.size()) return {};
        const std::uint64_t start = base::read_once(starts[l]);
        const std::uint64_t end = base::read_once(starts[l + 1]);
        if (start > end || end > count || end - start > leaf_size) return {};
        return {static_cast<ItemId>(start), end - start};
    }

    // Empty where the file is damaged.
    std::span<const ItemId> leaf(NodeRef ref) const noexcept {
        const std::size_t l = ref & ~leaf_bit;
        if (l + 1 >= starts.size()) return {};
        const std::uint64_t start = base::read_once(starts[l]);
        const std::uint64_t end = base::read_once(starts[l + 1]);
        if (start > end || end > items.size() || end - start > leaf_size) return {};
        return items.subspan(start, end - start);
    }
};

struct PlaneForest {
    Leaves leaves;
    std::span<const Split> splits;
    std::span<const std::int8_t> planes;  // one row of dim codes a split
    std::size_t dim;
};

struct BitForest {
    Leaves leaves;
    std::span<const BitSplit> splits;
    std::size_t dim;
};

}  // namespace nearfile::forest
