// Checks a whole file once, so that a search need not: that the nodes it will follow exist, that every tree holds every
// item exactly once, and that nothing goes round in circles. Linear in the size of the file (times the logarithm of the
// number of roots), in memory of a few bytes a node, without recursion. Which layout a file has is found by what passes
// here.
#pragma once

#include <cstdint>
#include <vector>

#include "annoy/nodes.hpp"
#include "base/result.hpp"

namespace nearfile::annoy {

struct Checked {
    std::int32_t n_items;
    std::uint32_t n_trees;
    std::vector<NodeId> roots;  // those that Annoy searches
    std::uint64_t max_steps;    // nodes that a search of every leaf visits
    bool finds_holes;           // whether a search may come upon ids that were never added
};

// The size alone: whether nodes of this layout fill the file, and are few enough to be numbered. Fails with
// Failure::bad_file.
base::Result<void> validate_size(std::size_t file_bytes, const Layout& layout);

// REQUIRES a size that has passed. Fails with Failure::bad_file that says which node was wrong.
base::Result<Checked> validate(const Nodes& nodes);

}  // namespace nearfile::annoy
