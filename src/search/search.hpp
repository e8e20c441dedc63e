// The search of one query, from candidates to the nearest.
#pragma once

#include <span>

#include "opened/state.hpp"
#include "search/scratch.hpp"

namespace nearfile::search {

// Fills `out` (the min(k, n) nearest fit exactly), nearest first, ties by smaller id. Distances are the user's.
void search(const Index::State& state, std::span<const float> query, const SearchOptions& options, Scratch& scratch,
            std::span<Neighbor> out);

// How far the nearest item is, as calibrations compare it: `distance` of search()'s own (smaller is nearer) itself; for
// dot that of a query of length 1.
float comparable_distance(const Index::State& state, std::span<const float> query, float distance);

}  // namespace nearfile::search
