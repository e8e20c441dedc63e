// One tree while it grows, and the forest put together from trees. Node numbers are the tree's own until then.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "forest/forest.hpp"

namespace nearfile::forest {

template <class SplitType>
struct Tree {
    NodeRef root = 0;
    std::vector<SplitType> splits;
    std::vector<std::int8_t> planes;    // empty for bits
    std::vector<std::uint32_t> starts;  // of every leaf in items, without the end
    std::vector<RowId> items;           // every item once
};

template <class SplitType>
struct Grove {
    std::vector<NodeRef> roots;
    std::vector<SplitType> splits;
    std::vector<std::int8_t> planes;
    std::vector<std::uint64_t> starts;  // with the end
    std::vector<RowId> items;
};

// Trees in order; the memory of each is released as it is taken in.
template <class SplitType>
Grove<SplitType> join(std::vector<Tree<SplitType>>& trees) {
    std::size_t n_splits = 0;
    std::size_t n_planes = 0;
    std::size_t n_leaves = 0;
    std::size_t n_items = 0;
    for (const auto& tree : trees) {
        n_splits += tree.splits.size();
        n_planes += tree.planes.size();
        n_leaves += tree.starts.size();
        n_items += tree.items.size();
    }
    Grove<SplitType> grove;
    grove.roots.reserve(trees.size());
    grove.splits.reserve(n_splits);
    grove.planes.reserve(n_planes);
    grove.starts.reserve(n_leaves + 1);
    grove.items.reserve(n_items);
    for (auto& tree : trees) {
        const auto split_base = static_cast<std::uint32_t>(grove.splits.size());
        const auto leaf_base = static_cast<std::uint32_t>(grove.starts.size());
        const std::uint64_t item_base = grove.items.size();
        const auto moved = [&](NodeRef ref) { return ref + (is_leaf(ref) ? leaf_base : split_base); };
        grove.roots.push_back(moved(tree.root));
        for (auto split : tree.splits) {
            split.below = moved(split.below);
            split.above = moved(split.above);
            grove.splits.push_back(split);
        }
        for (const auto start : tree.starts) grove.starts.push_back(item_base + start);
        grove.planes.insert(grove.planes.end(), tree.planes.begin(), tree.planes.end());
        grove.items.insert(grove.items.end(), tree.items.begin(), tree.items.end());
        tree = {};
    }
    grove.starts.push_back(grove.items.size());
    return grove;
}

}  // namespace nearfile::forest
