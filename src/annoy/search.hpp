// One query by Annoy's rules: leaves of all trees in the order of their priority until there are enough candidates, the
// distances of those, the nearest of them.
#pragma once

#include <cstdint>
#include <vector>

#include "annoy/distance.hpp"
#include "annoy/scratch.hpp"
#include "annoy/validate.hpp"
#include "nearfile/annoy.hpp"

namespace nearfile::annoy {

// `wanted` candidates, counted once for every tree; all that there are for the largest number.
std::vector<AnnoyNeighbor> search(const Nodes& nodes, const Checked& checked, const Query& query, std::uint64_t n,
                                  std::uint64_t wanted, Scratch& scratch);

}  // namespace nearfile::annoy
