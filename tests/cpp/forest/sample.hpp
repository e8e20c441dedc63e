// Points to grow trees over, and what a tree must be, for the tests of this folder.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "check.hpp"
#include "forest/gather.hpp"
#include "forest/grow.hpp"
#include "forest/tree.hpp"

namespace nearfile::forest::sample {

inline const kernels::Kernels& chosen() {
    const char* message = nullptr;
    return *kernels::chosen(&message);
}

// Rows of signed codes with a scale each; overread is part of the buffer.
struct PointSet {
    std::size_t dim;
    std::uint32_t count;
    std::vector<std::int8_t> codes;
    std::vector<float> scales;
    std::vector<float> augmented_coordinates;

    PointSet(std::size_t dim_, std::uint32_t count_)
        : dim(dim_), count(count_), codes(dim_ * count_ + kernels::code_overread), scales(count_, 1.0f) {}
    std::int8_t* row(std::uint32_t item) { return codes.data() + item * dim; }
    Points points() const {
        return {codes.data(),          dim, {reinterpret_cast<const std::byte*>(scales.data()), sizeof(float)},
                augmented_coordinates, dim, count};
    }
};

inline PointSet random_points(std::size_t dim, std::uint32_t count, std::uint64_t seed) {
    PointSet set(dim, count);
    base::Random random(seed);
    for (std::size_t i = 0; i < dim * count; ++i) {
        set.codes[i] = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
    }
    for (float& scale : set.scales) scale = 0.5f + static_cast<float>(random.below(1000)) * 0.001f;
    return set;
}

// As random_points, with the coordinate that brings all to one length.
inline PointSet random_points_of_one_length(std::size_t dim, std::uint32_t count, std::uint64_t seed) {
    PointSet set = random_points(dim, count, seed);
    std::vector<float> squares(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        for (std::size_t d = 0; d < dim; ++d) {
            const float value = set.scales[i] * static_cast<float>(set.row(i)[d]);
            squares[i] += value * value;
        }
    }
    const float largest = *std::max_element(squares.begin(), squares.end());
    for (const float square : squares) set.augmented_coordinates.push_back(std::sqrt(largest - square));
    return set;
}

struct BitSet {
    std::size_t dim;
    std::uint32_t count;
    std::vector<std::uint64_t> words;

    BitSet(std::size_t dim_, std::uint32_t count_) : dim(dim_), count(count_), words((dim_ + 63) / 64 * count_) {}
    void set(std::uint32_t item, std::size_t bit) {
        words[item * ((dim + 63) / 64) + bit / 64] |= std::uint64_t{1} << (bit % 64);
    }
    std::span<const std::uint64_t> row(std::uint32_t item) const {
        return std::span(words).subspan(item * ((dim + 63) / 64), (dim + 63) / 64);
    }
    BitPoints points() const { return {words, (dim + 63) / 64, dim, count}; }
};

inline BitSet random_bits(std::size_t dim, std::uint32_t count, std::uint64_t seed) {
    BitSet set(dim, count);
    base::Random random(seed);
    for (std::uint32_t i = 0; i < count; ++i) {
        for (std::size_t bit = 0; bit < dim; ++bit) {
            if (random.below(2) == 1) set.set(i, bit);
        }
    }
    return set;
}

inline Tree<Split> grow_tree(const PointSet& set, std::uint32_t leaf_size, std::uint64_t seed) {
    const std::atomic<bool> stop{false};
    return grow(chosen(), set.points(), {leaf_size, seed}, stop);
}

inline Tree<BitSplit> grow_tree(const BitSet& set, std::uint32_t leaf_size, std::uint64_t seed) {
    const std::atomic<bool> stop{false};
    return grow(set.points(), {leaf_size, seed}, stop);
}

template <class Set>
auto grow_forest(const Set& set, std::uint32_t leaf_size, std::uint32_t n_trees) {
    std::vector<decltype(grow_tree(set, leaf_size, 0))> trees;
    for (std::uint32_t t = 0; t < n_trees; ++t) trees.push_back(grow_tree(set, leaf_size, t + 1));
    return join(trees);
}

template <class SplitType>
Leaves leaves_of(const Forest<SplitType>& forest, std::uint32_t leaf_size, std::uint32_t count) {
    return {forest.roots, forest.starts, forest.items, leaf_size, count};
}

// Depth of the tree under `ref`, and its leaves in order. Deeper than `limit` counts as limit + 1.
template <class SplitType>
std::uint32_t walk(const std::vector<SplitType>& splits, NodeRef ref, std::uint32_t limit,
                   std::vector<NodeRef>& leaves) {
    if (is_leaf(ref)) {
        leaves.push_back(ref & ~leaf_bit);
        return 0;
    }
    if (limit == 0 || ref >= splits.size()) return limit + 1;
    const std::uint32_t below = walk(splits, splits[ref].below, limit - 1, leaves);
    return 1 + std::max(below, walk(splits, splits[ref].above, limit - 1, leaves));
}

// No side has less than a sixteenth, so this many levels take `count` items to leaves of `leaf_size`.
inline std::uint32_t most_levels(std::uint32_t count, std::uint32_t leaf_size) {
    if (count <= leaf_size) return 0;
    // Below 32 items a sixteenth is one item.
    const double large = std::log(static_cast<double>(count) / leaf_size) / std::log(16.0 / 15.0);
    return static_cast<std::uint32_t>(large) + std::min(32u, count);
}

// Every item exactly once, no leaf too large, no node twice, not too deep.
template <class SplitType>
void check_tree(const Tree<SplitType>& tree, std::uint32_t count, std::uint32_t leaf_size, const std::string& what) {
    const auto hold = [&](bool condition, const char* rule) {
        if (!condition) test::fail(__FILE__, __LINE__, what + ": " + rule);
    };
    std::vector<NodeRef> leaves;
    const std::uint32_t limit = most_levels(count, leaf_size);
    hold(walk(tree.splits, tree.root, limit, leaves) <= limit, "the depth is bounded");
    hold(leaves.size() == tree.starts.size(), "every leaf is reached");
    hold(tree.starts.size() == tree.splits.size() + 1, "one leaf more than splits");
    for (std::size_t i = 0; i < leaves.size(); ++i) hold(leaves[i] == i, "leaves are numbered from below to above");
    for (std::size_t i = 0; i < tree.starts.size(); ++i) {
        const std::uint32_t end = i + 1 < tree.starts.size() ? tree.starts[i + 1] : count;
        hold(tree.starts[i] <= end && end - tree.starts[i] <= leaf_size, "no leaf above leaf_size");
        hold(count == 0 || end > tree.starts[i], "no leaf is empty");
    }
    auto items = tree.items;
    std::sort(items.begin(), items.end());
    hold(items.size() == count, "as many items as there are");
    for (std::uint32_t i = 0; i < items.size(); ++i) hold(items[i] == i, "every item exactly once");
}

template <class T>
bool same_bytes(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

template <class SplitType>
bool same(const Tree<SplitType>& a, const Tree<SplitType>& b) {
    return a.root == b.root && same_bytes(a.splits, b.splits) && a.planes == b.planes && a.starts == b.starts &&
           a.items == b.items;
}

// A code padded as the kernels want it.
inline std::vector<std::int8_t> padded(const std::int8_t* code, std::size_t dim) {
    std::vector<std::int8_t> query((dim + 63) / 64 * 64);
    std::copy_n(code, dim, query.begin());
    return query;
}

}  // namespace nearfile::forest::sample
