// Every vertex must be reachable from the first, so that no walk is cut off from any.
#pragma once

#include "graph/adjacency.hpp"

namespace nearfile::graph {

// Adds edges until it is so, in place of others where there is no room. Returns how many were added.
std::uint32_t ensure_reachable(Adjacency& graph);

}  // namespace nearfile::graph
