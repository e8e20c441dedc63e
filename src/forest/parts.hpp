// Growing a large tree in parts, on several threads. Nodes of many items are divided one by one, those of a level at
// once; what hangs below is grown node after node by recursion.hpp. Every part has a seed of its own, and how the tree
// is cut depends on its items alone, so it is the same on any number of threads. Internal to forest/.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "base/parallel.hpp"
#include "base/random.hpp"
#include "forest/grow.hpp"
#include "forest/recursion.hpp"
#include "forest/tree.hpp"

namespace nearfile::forest {

// `MakeDivider` makes Dividers, one for each part.
template <class MakeDivider>
class Parts {
public:
    using Divider = decltype(std::declval<const MakeDivider&>()());
    using SplitType = typename Divider::SplitType;

    Parts(const MakeDivider& make, const GrowOptions& options, const std::atomic<bool>& stop)
        : make_(make), options_(options), stop_(stop) {}

    Tree<SplitType> run(std::uint32_t count) {
        items_.resize(count);
        std::iota(items_.begin(), items_.end(), 0u);
        nodes_.push_back({0, count, {}, {}});
        divide_large();
        base::parallel_for(small_.size(), options_.threads, [&](std::size_t i) {
            Node& node = nodes_[small_[i]];
            Divider divider = make_();
            node.part = Recursion<Divider>(divider, {options_.leaf_size, seed_of(small_[i])}, stop_)
                            .run(items_of(node), node.begin);
        });
        tree_.root = take(nodes_.front());
        tree_.items = std::move(items_);
        return std::move(tree_);
    }

private:
    struct Node {
        std::uint32_t begin;
        std::uint32_t end;
        Tree<SplitType> part;               // one split, or all below
        std::array<std::size_t, 2> halves;  // where there is one split: two nodes, none of them the first
        bool divided() const noexcept { return halves[0] != 0; }
    };

    std::span<ItemId> items_of(const Node& node) {
        return std::span(items_).subspan(node.begin, node.end - node.begin);
    }

    // A tree of one part is what its seed makes of it.
    std::uint64_t seed_of(std::size_t node) const {
        return nodes_.size() == 1 ? options_.seed : base::derive_seed(options_.seed, node);
    }

    void divide_large() {
        for (std::vector<std::size_t> level(1, 0); !level.empty();) {
            std::vector<std::size_t> large;
            const std::uint32_t most = std::max(grown_at_once, options_.leaf_size);
            for (const std::size_t node : level) {
                const bool is_large = nodes_[node].end - nodes_[node].begin > most;
                (is_large && !stop_.load(std::memory_order_relaxed) ? large : small_).push_back(node);
            }
            std::vector<std::uint32_t> below(large.size());
            base::parallel_for(large.size(), options_.threads, [&](std::size_t i) {
                Node& node = nodes_[large[i]];
                Divider divider = make_();
                base::Random random(base::derive_seed(options_.seed, large[i]));
                node.part.splits.resize(1);
                below[i] = divider.divide(items_of(node), random, node.part.splits[0], node.part);
            });
            level.clear();
            for (std::size_t i = 0; i < large.size(); ++i) {
                const auto [begin, end] = std::pair(nodes_[large[i]].begin, nodes_[large[i]].end);
                nodes_[large[i]].halves = {nodes_.size(), nodes_.size() + 1};
                for (const std::size_t half : nodes_[large[i]].halves) level.push_back(half);
                nodes_.push_back({begin, begin + below[i], {}, {}});
                nodes_.push_back({begin + below[i], end, {}, {}});
            }
        }
    }

    // What the tree has of a node and all below it, in the order of recursion.hpp.
    NodeRef take(Node& node) {
        const auto n_splits = static_cast<std::uint32_t>(tree_.splits.size());
        const auto n_leaves = static_cast<std::uint32_t>(tree_.starts.size());
        Tree<SplitType> part = std::move(node.part);
        tree_.planes.insert(tree_.planes.end(), part.planes.begin(), part.planes.end());
        tree_.starts.insert(tree_.starts.end(), part.starts.begin(), part.starts.end());
        tree_.splits.insert(tree_.splits.end(), part.splits.begin(), part.splits.end());
        if (node.divided()) {
            const NodeRef below = take(nodes_[node.halves[0]]);
            const NodeRef above = take(nodes_[node.halves[1]]);
            tree_.splits[n_splits].below = below;
            tree_.splits[n_splits].above = above;
            return n_splits;
        }
        const auto moved = [&](NodeRef ref) { return ref + (is_leaf(ref) ? n_leaves : n_splits); };
        for (std::size_t i = n_splits; i < tree_.splits.size(); ++i) {
            tree_.splits[i].below = moved(tree_.splits[i].below);
            tree_.splits[i].above = moved(tree_.splits[i].above);
        }
        return moved(part.root);
    }

    const MakeDivider& make_;
    const GrowOptions& options_;
    const std::atomic<bool>& stop_;
    std::vector<ItemId> items_;
    std::vector<Node> nodes_;
    std::vector<std::size_t> small_;  // nodes that are grown at once
    Tree<SplitType> tree_;
};

}  // namespace nearfile::forest
