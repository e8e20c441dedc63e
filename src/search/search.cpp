#include "search/search.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <vector>

#include "search/effort.hpp"
#include "search/graph_walk.hpp"
#include "search/reranker.hpp"
#include "search/scan.hpp"

namespace nearfile::search {
namespace {

// How many vertices a walk keeps in view; every_item where it is not to walk.
std::uint32_t effort_wanted(const Index::State& state, const SearchOptions& options, std::size_t k) {
    if (options.exact || state.description.count <= least_walked) return every_item;
    std::uint32_t effort = options.effort;
    if (options.effort == 0 || options.recall > 0) {
        const float recall = options.recall > 0 ? options.recall : default_recall;
        effort = std::max(effort, effort_for(state.calibration, static_cast<std::uint32_t>(k), recall));
    }
    return effort < scanned_from(state) ? effort : every_item;
}

void walk_graph(const Index::State& state, std::size_t effort, std::size_t k, Scratch& scratch) {
    walk_from_leaf(state, effort, k, scratch, [&](auto& computer, const auto& entry_points, std::size_t kept) {
        graph::walk(computer, entry_points, {}, effort, kept, state.graph->degree, scratch.walk);
    });
}

// Whether walks led to k items. One that goes on to fewer may not have, in a dense place; then another goes on to k,
// which costs less than a look at every item.
bool find_by_walks(const Index::State& state, std::size_t effort, std::size_t k, Scratch& scratch, Reranker& reranker) {
    walk_graph(state, effort, k, scratch);
    if (reranker.take_visited(measured(state, effort, k, scratch))) return true;
    if (effort >= k || k >= scanned_from(state)) return false;
    return find_by_walks(state, k, k, scratch, reranker);
}

}  // namespace

float comparable_distance(const Index::State& state, std::span<const float> query, float distance) {
    if (state.description.metric != Metric::dot) return distance;
    float squares = 0;
    state.kernels->dot_f32(query.data(), query.data(), 0, nullptr, 1, query.size(), &squares);
    return squares > 0 ? distance / std::sqrt(squares) : 0.0f;
}

bool looks_at_all(const Index::State& state, const SearchOptions& options, std::size_t k) {
    if (state.graph) return effort_wanted(state, options, k) == every_item;
    return options.exact || candidates_wanted(options, k, state.description.dim) >= state.description.count;
}

void search(const Index::State& state, std::span<const float> query, const SearchOptions& options, Scratch& scratch,
            std::span<Neighbor> out, const SeenQuery* seen, bool watched) {
    const std::size_t k = out.size();
    if (k == 0) return;
    scratch.scorer.set_query(query);
    if (seen != nullptr) scratch.scorer.restore_seen(*seen);
    Reranker reranker(state, scratch, k);
    bool found = false;
    if (state.graph) {
        const std::uint32_t effort = effort_wanted(state, options, k);
        if (effort != every_item) found = find_by_walks(state, effort, k, scratch, reranker);
    } else if (!looks_at_all(state, options, k)) {
        scratch.scorer.gather(candidates_wanted(options, k, state.description.dim), {}, scratch.gather,
                              scratch.candidates);
        found = scratch.candidates.size() >= k;  // but in a damaged forest
        if (found) reranker.filter_by_bounds(scratch.candidates);
    }
    if (!found) scan(state, std::span(&reranker, 1));
    reranker.rerank(out);
    if (found && watched && state.drift.watching()) {
        const float sign = state.description.metric == Metric::dot ? -1.0f : 1.0f;
        state.drift.note(comparable_distance(state, query, sign * out.front().distance));
    }
}

void search_all(const Index::State& state, std::span<const float> queries, std::size_t k, std::span<Neighbor> out) {
    const std::size_t dim = state.description.dim;
    const std::size_t n = queries.size() / dim;
    std::deque<BorrowedScratch> scratches;
    std::vector<Reranker> rerankers;
    rerankers.reserve(n);
    for (std::size_t q = 0; q < n; ++q) {
        Scratch& scratch = *scratches.emplace_back(state);
        scratch.scorer.set_query(queries.subspan(q * dim, dim));
        rerankers.emplace_back(state, scratch, k);
    }
    scan(state, std::span(rerankers));
    for (std::size_t q = 0; q < n; ++q) rerankers[q].rerank(out.subspan(q * k, k));
}

}  // namespace nearfile::search
