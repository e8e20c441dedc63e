// Walks every tree of a file and checks what a search will rely on. Used by validate() alone, one tree after another.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "annoy/nodes.hpp"
#include "base/result.hpp"

namespace nearfile::annoy {

struct TreeSize {
    std::uint64_t n_nodes;   // splits and leaves
    std::uint64_t n_visits;  // those, and items that are children themselves: what a search pops from its queue
};

class TreeCheck {
public:
    // `n_present` of the `n_items` are no holes.
    TreeCheck(const Nodes& nodes, std::int32_t n_items, std::int32_t n_present);

    // Stops at the first failure, after which this object is of no more use.
    base::Result<TreeSize> check(NodeId root);

private:
    base::Result<void> visit(NodeId node, bool is_root);
    base::Result<void> visit_item(NodeId item, NodeId parent);
    base::Result<void> visit_leaf(NodeId leaf, std::int32_t size, bool is_root);
    base::Result<void> visit_split(NodeId split, bool is_root);
    bool is_lone_item(std::array<NodeId, 2> children) const noexcept;
    base::Error bad(NodeId node, const std::string& what) const;

    const Nodes& nodes_;
    std::int32_t n_items_;
    std::int32_t n_present_;
    // A tree that passes has turned the bit of every present item, so the next one turns them all back, and nothing has
    // to be cleared between trees.
    std::vector<bool> item_seen_;
    bool seen_ = false;
    // Nodes below a root belong to one tree, or a file could make trees of many times its own size, or endless ones.
    std::vector<bool> node_taken_;
    std::int32_t n_seen_ = 0;
    TreeSize size_{0, 0};
    std::vector<NodeId> waiting_;
};

}  // namespace nearfile::annoy
