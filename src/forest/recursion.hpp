// The shape that growing has for any kind of split: divide the items, then each side, below first. Internal to forest/.
//
// A Divider has
//     using SplitType = ...;
//     std::uint32_t divide(std::span<ItemId> items, base::Random&, SplitType&, Tree<SplitType>&);
// which orders the items so that those below come first, keeping the order within each side, and returns how many they
// are: never none and never all. Keeping the order means ids ascend in every node, so memory is read forwards.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "forest/grow.hpp"
#include "forest/tree.hpp"

namespace nearfile::forest {

template <class Divider>
class Recursion {
public:
    using SplitType = typename Divider::SplitType;

    Recursion(Divider& divider, const GrowOptions& options, const std::atomic<bool>& stop)
        : divider_(divider), leaf_size_(options.leaf_size), random_(options.seed), stop_(stop) {}

    // The tree of some items, without a list of them. The first is at place `first` of the list that starts refer to.
    Tree<SplitType> run(std::span<ItemId> items, std::uint32_t first) {
        items_ = items;
        first_ = first;
        tree_.root = grow(0, static_cast<std::uint32_t>(items.size()));
        return std::move(tree_);
    }

private:
    // Depth is bounded because a Divider never leaves one side almost empty.
    NodeRef grow(std::uint32_t begin, std::uint32_t end) {
        if (end - begin <= leaf_size_ || stop_.load(std::memory_order_relaxed)) {
            tree_.starts.push_back(first_ + begin);
            return static_cast<NodeRef>(tree_.starts.size() - 1) | leaf_bit;
        }
        const auto self = static_cast<NodeRef>(tree_.splits.size());
        tree_.splits.emplace_back();
        SplitType split{};
        const std::uint32_t below = divider_.divide(items_.subspan(begin, end - begin), random_, split, tree_);
        split.below = grow(begin, begin + below);
        split.above = grow(begin + below, end);
        tree_.splits[self] = split;
        return self;
    }

    Divider& divider_;
    std::uint32_t leaf_size_;
    base::Random random_;
    const std::atomic<bool>& stop_;
    std::span<ItemId> items_;
    std::uint32_t first_ = 0;
    Tree<SplitType> tree_;
};

// Order items by side, keeping the order within each; `side(i)` is true for above. Returns how many are below.
template <class Side>
std::uint32_t stable_divide(std::span<ItemId> items, std::vector<ItemId>& above, const Side& side) {
    if (above.size() < items.size()) above.resize(items.size());
    // The side of an item is a coin flip to the branch predictor, so write to both and advance one.
    std::uint32_t n_below = 0;
    std::uint32_t n_above = 0;
    for (std::uint32_t i = 0; i < items.size(); ++i) {
        const ItemId item = items[i];
        const bool is_above = side(i);
        items[n_below] = item;
        above[n_above] = item;
        n_below += is_above ? 0 : 1;
        n_above += is_above ? 1 : 0;
    }
    std::copy_n(above.begin(), n_above, items.begin() + n_below);
    return n_below;
}

}  // namespace nearfile::forest
