// Growing trees. Called by the builder, one call a tree, any number at once on different threads; a tree depends on its
// points, its options and its seed alone.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "forest/tree.hpp"
#include "kernels/kernels.hpp"

namespace nearfile::forest {

struct GrowOptions {
    std::uint32_t leaf_size;
    std::uint64_t seed;
};

// What a tree of planes sees of the items: scale * code, in signed bytes. Borrowed.
struct Points {
    const std::int8_t* rows;
    std::size_t stride;
    std::span<const float> scales;  // one an item
    std::span<const float> extras;  // one more coordinate an item that queries do not have (inner products), or empty
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
