// How far refining goes: as far as it helps, which the data says.
#pragma once

#include <cstdint>

#include "build/stages.hpp"
#include "graph/adjacency.hpp"
#include "graph/distances.hpp"
#include "nearfile/types.hpp"

namespace nearfile::build {

// Of the walk that finds an item's new neighbours.
struct Refining {
    std::uint32_t width;  // how many items stay in view
    std::uint32_t steps;  // how many are expanded
};

// The least of some that finds enough of what the most finds, for a sample of the items, and that the profile has time
// for. `seen`: the dimensions that searches will see. The same on any number of threads: what is found is counted, and
// nothing is timed.
Refining select_refining(const graph::Distances& distances, const graph::Adjacency& graph, std::size_t seen,
                         Profile profile, unsigned threads, const StageWatch& watch);

}  // namespace nearfile::build
