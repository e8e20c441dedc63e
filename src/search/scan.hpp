// A look at every item: exact, and where walks do not pay the fastest there is. Several queries share what is read.
#pragma once

#include <span>

#include "opened/state.hpp"
#include "search/reranker.hpp"

namespace nearfile::search {

// So many queries at once: what a stretch of items takes and what they take stay in cache together.
inline constexpr std::size_t queries_a_scan = 16;

// All items go through each of the rerankers.
void scan(const Index::State& state, std::span<Reranker> rerankers);

}  // namespace nearfile::search
