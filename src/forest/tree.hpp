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
    std::vector<ItemId> items;          // every item once
};

template <class SplitType>
struct Forest {
    std::vector<NodeRef> roots;
    std::vector<SplitType> splits;
    std::vector<std::int8_t> planes;
    std::vector<std::uint64_t> starts;  // with the end
    std::vector<ItemId> items;
};

// Trees in order; the memory of each is released as it is taken in.
template <class SplitType>
Forest<SplitType> join(std::vector<Tree<SplitType>>& trees) {
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
    Forest<SplitType> forest;
    forest.roots.reserve(trees.size());
    forest.splits.reserve(n_splits);
    forest.planes.reserve(n_planes);
    forest.starts.reserve(n_leaves + 1);
    forest.items.reserve(n_items);
    for (auto& tree : trees) {
        const auto split_base = static_cast<std::uint32_t>(forest.splits.size());
        const auto leaf_base = static_cast<std::uint32_t>(forest.starts.size());
        const std::uint64_t item_base = forest.items.size();
        const auto moved = [&](NodeRef ref) { return ref + (is_leaf(ref) ? leaf_base : split_base); };
        forest.roots.push_back(moved(tree.root));
        for (auto split : tree.splits) {
            split.below = moved(split.below);
            split.above = moved(split.above);
            forest.splits.push_back(split);
        }
        for (const auto start : tree.starts) forest.starts.push_back(item_base + start);
        forest.planes.insert(forest.planes.end(), tree.planes.begin(), tree.planes.end());
        forest.items.insert(forest.items.end(), tree.items.begin(), tree.items.end());
        tree = {};
    }
    forest.starts.push_back(forest.items.size());
    return forest;
}

}  // namespace nearfile::forest
