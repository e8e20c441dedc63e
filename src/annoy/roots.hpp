// The roots of a file, which only their place gives away: copies of them are its last nodes.
#pragma once

#include <span>
#include <vector>

#include "annoy/nodes.hpp"

namespace nearfile::annoy {

struct Roots {
    // Every trailing node with as many descendants as the last, the last first. The copies of the roots, and those of
    // the roots themselves that happen to stand right before the copies.
    std::vector<NodeId> trailing;

    // Those of them that Annoy searches: without the furthest one, where it looks like the original of the last.
    std::size_t searched;
};

Roots find_roots(const Nodes& nodes);

// Sorts roots so that those with the same bytes, a copy and its original, stand together, and returns each such group.
std::vector<std::span<const NodeId>> group_roots(const Nodes& nodes, std::span<NodeId> roots);

}  // namespace nearfile::annoy
