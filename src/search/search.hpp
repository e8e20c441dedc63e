// The search of one query, from candidates to the nearest.
#pragma once

#include <span>

#include "opened/state.hpp"
#include "search/scratch.hpp"

namespace nearfile::search {

// Fills `out` (the min(k, n) nearest fit exactly), nearest first, ties by smaller id. Distances are the user's.
// `seen`, where it is given, is what Scorer::keep_seen() says of the query. Where `watched`, query drift may hear of
// it.
void search(const Index::State& state, std::span<const float> query, const SearchOptions& options, Scratch& scratch,
            std::span<Neighbor> out, const SeenQuery* seen = nullptr, bool watched = true);

// Whether such a search looks at every item.
bool looks_at_all(const Index::State& state, const SearchOptions& options, std::size_t k);

// The same as an exact search of each of some queries, at most queries_a_scan; k is above zero.
void search_all(const Index::State& state, std::span<const float> queries, std::size_t k, std::span<Neighbor> out);

// How far the nearest item is, as calibrations compare it: `distance` of search()'s own (smaller is nearer) itself; for
// dot that of a query of length 1.
float comparable_distance(const Index::State& state, std::span<const float> query, float distance);

}  // namespace nearfile::search
