// The search of one query, from candidates to the nearest.
#pragma once

#include <span>

#include "index/scratch.hpp"
#include "index/state.hpp"

namespace nearfile::index {

class LeftOut;

// Fills `out` (the min(k, n) nearest fit exactly), nearest first, ties by smaller id. Distances are the user's.
void search(const Index::State& state, std::span<const float> query, const SearchOptions& options, Scratch& scratch,
            std::span<Neighbor> out);

// How far the nearest item is, as calibrations compare it: `distance` of search()'s own (smaller is nearer) itself; for
// dot that of a query of length 1.
float likeness(const Index::State& state, std::span<const float> query, float distance);

// The same of a walk through the graph as it would be without an item; `out` must be fewer than the items.
void search_without(const Index::State& state, std::span<const float> query, const SearchOptions& options,
                    LeftOut& left_out, Scratch& scratch, std::span<Neighbor> out);

}  // namespace nearfile::index
