// Growing trees. Called by the builder, one call a tree, any number at once on different threads; a tree depends on its
// points, its options and its seed alone.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "forest/tree.hpp"
#include "kernels/kernels.hpp"

namespace nearfile::forest {

// Nodes of more items are divided by themselves, with a seed of their own, before what is below them is grown.
inline constexpr std::uint32_t grown_at_once = 65536;

struct GrowOptions {
    std::uint32_t leaf_size;
    std::uint64_t seed;
    unsigned threads = 1;  // of use to a tree of many items; it is the same on any number
};

// One number an item, wherever it lies: in the row of the item's code, where the cache line is at hand, or in an array.
struct Scales {
    const std::byte* first = nullptr;
    std::size_t stride = 0;

    float operator[](ItemId item) const noexcept {
        float scale;
        std::memcpy(&scale, first + item * stride, sizeof scale);
        return scale;
    }
};

// What a tree of planes sees of the items: scale * code, in signed bytes. Borrowed.
struct Points {
    const std::int8_t* rows;
    std::size_t stride;
    Scales scales;
    std::span<const float>
        augmented_coordinates;  // one more coordinate an item that queries do not have (inner products), or empty
    std::size_t dim;
    std::uint32_t count;
};

struct BitPoints {
    std::span<const std::uint64_t> words;
    std::size_t words_per_row;
    std::size_t dim;
    std::uint32_t count;
};

// Stops early, with a tree of no use, once `stop` is set.
Tree<Split> grow(const kernels::Kernels& kernels, const Points& points, const GrowOptions& options,
                 const std::atomic<bool>& stop);
Tree<BitSplit> grow(const BitPoints& points, const GrowOptions& options, const std::atomic<bool>& stop);

}  // namespace nearfile::forest
