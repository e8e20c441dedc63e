// Candidates of one query: the items of the likeliest leaves of all trees.
#pragma once

#include <cstdint>

#include "annoy/distance.hpp"
#include "annoy/scratch.hpp"
#include "annoy/validate.hpp"

namespace nearfile::annoy {

// Opens leaves in the order of their priority until there are `wanted` candidates, counted once for every tree; all
// that there are for the largest number. Each is in `scratch.found` once, in no order that means anything, and none of
// `scratch.seen` is set.
void gather(const Nodes& nodes, const Checked& checked, const Query& query, std::uint64_t wanted, Scratch& scratch);

}  // namespace nearfile::annoy
