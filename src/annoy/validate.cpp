#include "annoy/validate.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "annoy/roots.hpp"
#include "annoy/tree_check.hpp"

namespace nearfile::annoy {
namespace {

using base::Error;
using base::Failure;
using base::Result;

Error bad(std::string message) {
    return {Failure::bad_file, std::move(message)};
}

// The last node is a root, and says how many ids there are.
Result<std::int32_t> count_items(const Nodes& nodes) {
    const std::size_t last = nodes.count() - 1;
    const std::int32_t n_items = nodes.descendants(static_cast<NodeId>(last));
    if (n_items < 0 || static_cast<std::size_t>(n_items) > last) {
        return bad("the last of its " + std::to_string(nodes.count()) +
                   " nodes should give the number of items, 0 to " + std::to_string(last) + ", and gives " +
                   std::to_string(n_items));
    }
    return n_items;
}

Result<std::int32_t> count_present(const Nodes& nodes, std::int32_t n_items) {
    std::int32_t n_present = 0;
    for (NodeId item = 0; item < n_items; ++item) {
        const std::int32_t descendants = nodes.descendants(item);
        if (descendants != 0 && descendants != 1) {
            return bad("item " + std::to_string(item) +
                       " should have 1 descendant, or 0 where nothing was added, and has " +
                       std::to_string(descendants));
        }
        n_present += descendants;
    }
    return n_present;
}

// Annoy fills up what stands in for a split or counts too much, and that is all that may lead to a hole: TreeCheck
// refuses the others.
bool finds_holes(const Nodes& nodes, std::int32_t n_items, std::int32_t n_present) {
    return n_present < n_items && (n_present <= 1 || n_items <= nodes.layout().leaf_capacity);
}

}  // namespace

Result<void> validate_size(std::size_t file_bytes, const Layout& layout) {
    if (file_bytes == 0 || file_bytes % layout.node_bytes != 0) {
        return bad("its size should be a multiple of the " + std::to_string(layout.node_bytes) + " bytes of a node");
    }
    if (file_bytes / layout.node_bytes > static_cast<std::size_t>(std::numeric_limits<NodeId>::max())) {
        return bad("it would have " + std::to_string(file_bytes / layout.node_bytes) +
                   " nodes, and Annoy numbers them with 31 bits");
    }
    return {};
}

Result<Checked> validate(const Nodes& nodes) {
    const auto n_items = count_items(nodes);
    if (!n_items.ok()) return n_items.error();
    const auto n_present = count_present(nodes, n_items.value());
    if (!n_present.ok()) return n_present.error();

    Roots roots = find_roots(nodes);
    if (n_items.value() == 0 && roots.trailing.size() < nodes.count()) {
        return bad("it ends in an empty node, as a build on disk that was interrupted leaves it");
    }
    Checked checked{n_items.value(), 0, {}, 0, finds_holes(nodes, n_items.value(), n_present.value())};
    checked.roots.assign(roots.trailing.begin(), roots.trailing.begin() + static_cast<std::ptrdiff_t>(roots.searched));

    const std::size_t n_tree_nodes = nodes.count() - static_cast<std::size_t>(n_items.value());
    const bool every_tree_is_one_node = roots.trailing.size() >= n_tree_nodes;
    // Else a few nodes at the end of noise may pass for a small index.
    if (n_items.value() <= nodes.layout().leaf_capacity && !every_tree_is_one_node) {
        return bad("its " + std::to_string(n_items.value()) + " items fit into one leaf, so the " +
                   std::to_string(n_tree_nodes) + " nodes after them should all be roots, and " +
                   std::to_string(n_tree_nodes - roots.trailing.size()) + " are not");
    }
    TreeCheck trees(nodes, n_items.value(), n_present.value());
    for (const std::span<const NodeId> equal : group_roots(nodes, roots.trailing)) {
        const auto tree = trees.check(equal.front());
        if (!tree.ok()) return tree.error();
        const auto n_roots =
            std::count_if(equal.begin(), equal.end(), [&](NodeId node) { return node >= n_items.value(); });
        // The items of a file that lost its trees would else pass for the trees of one item.
        if (every_tree_is_one_node && n_roots % 2 != 0) {
            return bad("node " + std::to_string(equal.front()) +
                       " should be a root that is there twice, itself and a copy, and is there " +
                       std::to_string(n_roots) + " times: the file is cut short, or was saved without trees");
        }
        // More would let a small file ask for endless work: every root may bring the whole tree again.
        if (n_roots > 2 && tree.value().n_nodes > 1) {
            return bad("node " + std::to_string(equal.front()) +
                       " should be a root that is there twice at most, and is " + std::to_string(n_roots) + " times");
        }
        ++checked.n_trees;
        checked.max_steps += equal.size() * tree.value().n_visits;
    }
    // Such trees may well be equal, so the number of different ones says nothing.
    if (every_tree_is_one_node) checked.n_trees = static_cast<std::uint32_t>(n_tree_nodes / 2);
    return checked;
}

}  // namespace nearfile::annoy
