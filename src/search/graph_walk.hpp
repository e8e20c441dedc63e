// A walk through the graph of an open index: where it begins, what it knows of distances, how much it keeps.
#pragma once

#include <algorithm>
#include <cstddef>

#include "graph/walk.hpp"
#include "opened/state.hpp"
#include "search/distance_computer.hpp"
#include "search/scratch.hpp"

namespace nearfile::search {

// How many a walk remembers beyond those it goes on to. Where it sees a projection its order says little, and measuring
// a few more costs less than walking on.
inline std::size_t spare(const Index::State& state) noexcept {
    return state.space.kind() == opened::SpaceKind::projection ? 20 : 4;
}

// How many of the walk's best are measured better than its codes do.
inline std::size_t reranked(const Index::State& state, std::size_t effort, std::size_t k) noexcept {
    return state.space.kind() == opened::SpaceKind::projection ? std::max(effort, k) + spare(state)
                                                               : k + std::max<std::size_t>(20, effort / 4);
}

// Begins in the leaf of the entry tree that the scorer's query falls into. What the walk visits stays in its frontier,
// enough for k also where it goes on to fewer: what a short walk of easy data passes by is its answer. `walk(computer,
// entry_points, kept)` does it, on the whole graph or on a part.
template <class Walk>
void walk_from_leaf(const Index::State& state, std::size_t effort, std::size_t k, Scratch& scratch, const Walk& walk) {
    Scorer& scorer = scratch.scorer;
    auto& entry_points = scratch.candidates;
    entry_points.clear();
    scorer.entry_points(entry_points);
    if (scratch.tables) {
        SketchDistanceComputer computer(state, *scratch.tables);
        computer.set_query(scorer);
        walk(computer, entry_points, std::max(effort, k) + spare(state));
    } else {
        scorer.prepare_codes();
        CodeDistanceComputer computer(state, scorer);
        walk(computer, entry_points, std::max(effort, k));
    }
}

}  // namespace nearfile::search
