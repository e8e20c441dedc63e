// Exact searches of many queries at once: every item against every query by blocks of 8-bit codes, in whole numbers,
// and exactly only where that does not rule it out. The answers are those of one exact search after the other.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "opened/state.hpp"

namespace nearfile::search {

// Whether so many queries are worth coding all items for; search_all() of search.hpp is for fewer.
bool pays_exact_batch(const Index::State& state, std::size_t n_queries) noexcept;

// The k (above zero, at most the items there are) nearest of each query, k of `out` for each. Memory is bounded: the
// codes of some thousand items, and those of the queries. `watch` is told how many of how many stretches of items are
// done, after each; false stops the work, with `out` of no use. Returns whether everything ran.
using BatchWatch = std::function<bool(std::size_t done, std::size_t total)>;
bool exact_batch(const Index::State& state, std::span<const float> queries, std::size_t k, unsigned threads,
                 std::span<Neighbor> out, const BatchWatch& watch = {});

}  // namespace nearfile::search
