#include "annoy/tree_check.hpp"

namespace nearfile::annoy {

using base::Error;
using base::Failure;
using base::Result;

TreeCheck::TreeCheck(const Nodes& nodes, std::int32_t n_items, std::int32_t n_present)
    : nodes_(nodes),
      n_items_(n_items),
      n_present_(n_present),
      item_seen_(static_cast<std::size_t>(n_items), false),
      node_taken_(nodes.count() - static_cast<std::size_t>(n_items), false) {}

Result<TreeSize> TreeCheck::check(NodeId root) {
    seen_ = !seen_;
    n_seen_ = 0;
    size_ = {0, 0};
    waiting_.clear();
    if (auto visited = visit(root, true); !visited.ok()) return visited.error();
    while (!waiting_.empty()) {
        const NodeId node = waiting_.back();
        waiting_.pop_back();
        if (auto visited = visit(node, false); !visited.ok()) return visited.error();
    }
    if (n_seen_ != n_present_) {
        return bad(root, "is a root that should lead to all " + std::to_string(n_present_) + " items, and leads to " +
                             std::to_string(n_seen_));
    }
    return size_;
}

Result<void> TreeCheck::visit(NodeId node, bool is_root) {
    ++size_.n_visits;
    if (node < n_items_) return visit_item(node, node);
    ++size_.n_nodes;
    if (!is_root) {
        auto taken = node_taken_[static_cast<std::size_t>(node - n_items_)];
        if (taken) return bad(node, "should have one parent, and is reached twice");
        taken = true;
    }
    const std::int32_t descendants = nodes_.descendants(node);
    if (descendants < 0) return bad(node, "has " + std::to_string(descendants) + " descendants, expected 0 or more");
    return descendants <= nodes_.layout().leaf_capacity ? visit_leaf(node, descendants, is_root)
                                                        : visit_split(node, is_root);
}

Result<void> TreeCheck::visit_item(NodeId item, NodeId parent) {
    if (nodes_.descendants(item) != 1)
        return bad(parent, "leads to item " + std::to_string(item) + ", which is a hole");
    auto seen = item_seen_[static_cast<std::size_t>(item)];
    if (seen == seen_) return bad(parent, "leads to item " + std::to_string(item) + ", which its tree has already");
    seen = seen_;
    ++n_seen_;
    return {};
}

Result<void> TreeCheck::visit_leaf(NodeId leaf, std::int32_t size, bool is_root) {
    for (std::int32_t position = 0; position < size; ++position) {
        const NodeId item = nodes_.leaf_item(leaf, position);
        if (item < 0 || item >= n_items_) {
            return bad(leaf, "is a leaf whose ids should be 0 to " + std::to_string(n_items_ - 1) + ", and has " +
                                 std::to_string(item));
        }
        // A root counts holes among its descendants, but Annoy stores no ids for them: what follows the ids is filling.
        if (is_root && n_seen_ == n_present_) continue;
        if (auto visited = visit_item(item, leaf); !visited.ok()) return visited;
    }
    return {};
}

Result<void> TreeCheck::visit_split(NodeId split, bool is_root) {
    const std::array<NodeId, 2> children = {nodes_.child(split, 0), nodes_.child(split, 1)};
    for (const NodeId child : children) {
        if (child < 0 || static_cast<std::size_t>(child) >= nodes_.count()) {
            return bad(split, "is a split whose children should be 0 to " + std::to_string(nodes_.count() - 1) +
                                  ", and has " + std::to_string(child));
        }
        waiting_.push_back(child);
    }
    if (nodes_.layout().words > 0 && nodes_.split_bit(split) >= nodes_.layout().words * 64) {
        return bad(split, "is a split by bit " + std::to_string(nodes_.split_bit(split)) + ", expected 0 to " +
                              std::to_string(nodes_.layout().words * 64 - 1));
    }
    if (is_root && is_lone_item(children)) {
        waiting_.pop_back();
        ++size_.n_visits;
    }
    return {};
}

// One item among so many ids that the root cannot be a leaf: a split with that item as one child, and filling as the
// other, the number of a hole or of the item again.
bool TreeCheck::is_lone_item(std::array<NodeId, 2> children) const noexcept {
    if (n_present_ != 1) return false;
    const auto [first, second] = children;
    return first < n_items_ && nodes_.descendants(first) == 1 && second < n_items_;
}

Error TreeCheck::bad(NodeId node, const std::string& what) const {
    return {Failure::bad_file, "node " + std::to_string(node) + " of " + std::to_string(nodes_.count()) + " " + what};
}

}  // namespace nearfile::annoy
