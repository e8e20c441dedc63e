// A look at every item: exact, and where walks do not pay the fastest there is. Several queries share what is read.
#pragma once

#include <algorithm>
#include <optional>
#include <span>

#include "opened/state.hpp"
#include "search/page_reads.hpp"
#include "search/scorer.hpp"

namespace nearfile::search {

// So many queries at once: what a stretch of items takes and what they take stay in cache together.
inline constexpr std::size_t queries_a_scan = 16;

// All items go through each of some takers: Reranker, or Within.
template <class Taker>
void scan(const Index::State& state, std::span<Taker> takers) {
    const std::uint32_t count = state.description.count;
    // Of vectors without codes what several queries share is decoded for all of them.
    const bool decoded = state.description.code_kind == opened::CodeKind::none && takers.size() > 1;
    RowBlock vectors(state);
    std::optional<ReadAhead> ahead;
    if (state.larger_than_memory) ahead.emplace(state, decoded ? Reading::all : Reading::bounds);
    for (std::uint32_t first = 0; first < count && !takers.empty();) {
        const auto n = static_cast<std::uint32_t>(std::min<std::size_t>(codes::batch, count - first));
        if (ahead) ahead->reach(first);
        if (decoded) vectors.load(first, n);
        for (Taker& each : takers) each.filter_stretch(first, n, decoded ? &vectors : nullptr);
        first += n;
    }
}

}  // namespace nearfile::search
