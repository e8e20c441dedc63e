// A walk through the graph of an open index: where it begins, what it knows of distances, how much it keeps.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>

#include "graph/walk.hpp"
#include "opened/state.hpp"
#include "search/distance_computer.hpp"
#include "search/scratch.hpp"

namespace nearfile::search {

// Where a walk sees few directions its order says little, and measuring a few more costs less than walking on.
inline bool sees_little(const Index::State& state) noexcept {
    return state.space.kind() == opened::SpaceKind::projection && state.space.dim() <= codes::projected_dim;
}

// How many a walk remembers beyond those it goes on to: many where it does not see all, and its order says less.
inline std::size_t spare(const Index::State& state, std::size_t k) noexcept {
    return state.space.kind() == opened::SpaceKind::projection ? 8 + k * 2 / 5 : 4 + k / 5;
}

// How many it remembers: enough for k also where it goes on to fewer, because what a short walk of easy data passes by
// is its answer.
inline std::size_t kept(const Index::State& state, std::size_t effort, std::size_t k) noexcept {
    return std::max(effort, k) + (state.graph->has_nibbles() ? spare(state, std::min(effort, k)) : 0);
}

// docs/algorithms/graph.md has the measurements behind these.
inline constexpr std::size_t nearly_all_directions = 256;
inline constexpr std::size_t long_vector = 256;

// Whether vectors behind sketches are so long that measuring one costs more than its code may save.
inline bool is_long(const Index::State& state) noexcept {
    return state.graph->sketches && state.description.dim >= long_vector;
}

// How many of the walk's best are measured better than its codes do, at most.
inline std::size_t reranked(const Index::State& state, std::size_t effort, std::size_t k) noexcept {
    if (sees_little(state)) return kept(state, effort, k);
    if (state.space.kind() == opened::SpaceKind::projection && state.space.dim() < nearly_all_directions) {
        return k + std::max<std::size_t>(20, std::max(k, effort) / 2);
    }
    // The longer a vector, the more it costs to measure one that a code has told from the nearest.
    if (is_long(state)) return k + std::max<std::size_t>(12, effort / 8);
    return k + std::max<std::size_t>(20, effort / 4 + k / 2);
}

// While how many are nearer a vertex is so likely to be measured that its vector is fetched when the walk goes to it,
// and is there at the end; 0 where vectors are of a few lines, which come as fast then. Of a walk that sees little,
// whose vectors are longer than what it sees, all are measured.
inline std::size_t fetched_ahead(const Index::State& state, std::size_t k) noexcept {
    if (state.larger_than_memory) return 0;
    if (sees_little(state)) return std::numeric_limits<std::size_t>::max();
    return is_long(state) ? k : 0;
}

// How many are, of those that the scratch's walk has visited. Where 4-bit codes lead straight to whole vectors, each of
// which may be a page of the disk, and where they see all of long vectors, only as many as may be among the k nearest
// by what such codes get wrong.
std::size_t measured(const Index::State& state, std::size_t effort, std::size_t k, const Scratch& scratch);

// Begins at entry points, the scorer being ready for them. What the walk visits stays in its frontier.
// `walk(computer, entry_points, kept)` does it, on the whole graph or on a part.
template <class Walk>
void walk_from(std::span<const codes::ItemId> entry_points, const Index::State& state, std::size_t effort,
               std::size_t k, Scratch& scratch, const Walk& walk) {
    Scorer& scorer = scratch.scorer;
    if (scratch.tables) {
        SketchDistanceComputer computer(state, *scratch.tables, std::max(effort, k), fetched_ahead(state, k));
        computer.set_query(scorer);
        walk(computer, entry_points, kept(state, effort, k));
    } else if (state.graph->has_nibbles()) {
        NibbleDistanceComputer computer(state, fetched_ahead(state, k));
        computer.set_query(scorer);
        walk(computer, entry_points, kept(state, effort, k));
    } else {
        scorer.prepare_codes();
        CodeDistanceComputer computer(state, scorer);
        walk(computer, entry_points, kept(state, effort, k));
    }
}

// Begins in the leaf of the entry tree that the scorer's query falls into.
template <class Walk>
void walk_from_leaf(const Index::State& state, std::size_t effort, std::size_t k, Scratch& scratch, const Walk& walk) {
    scratch.candidates.clear();
    scratch.scorer.entry_points(scratch.candidates);
    walk_from(scratch.candidates, state, effort, k, scratch, walk);
}

}  // namespace nearfile::search
