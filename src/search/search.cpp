#include "search/search.hpp"

#include <algorithm>
#include <cmath>

#include "search/effort.hpp"
#include "search/graph_walk.hpp"
#include "search/reranker.hpp"

namespace nearfile::search {
namespace {

// A default that finds nine of ten nearest neighbours on usual data: docs/algorithms/forest.md.
constexpr std::uint64_t default_candidates_least = 5000;
constexpr std::uint64_t default_candidates_per_neighbor = 200;

std::uint64_t candidates_wanted(const SearchOptions& options, std::size_t k, std::size_t dim) {
    // Coding the query and passing the planes costs more than scoring so many, so fewer would save nothing.
    const std::uint64_t least = std::max<std::uint64_t>(k, dim / 4);
    if (options.search_k != 0) return std::max(options.search_k, least);
    return std::max({default_candidates_least, default_candidates_per_neighbor * k, least});
}

constexpr std::uint32_t default_effort = 64;  // where there is no calibration
constexpr float default_recall = 0.95f;

// How many vertices a walk keeps in view.
std::size_t effort_wanted(const Index::State& state, const SearchOptions& options, std::size_t k) {
    std::uint32_t effort = options.effort;
    if (effort == 0 || options.recall > 0) {
        const float recall = options.recall > 0 ? options.recall : default_recall;
        effort = std::max(effort, effort_for(state.calibration, static_cast<std::uint32_t>(k), recall, default_effort));
    }
    return std::max<std::size_t>(effort, k);
}

void walk_graph(const Index::State& state, std::size_t effort, Scratch& scratch) {
    walk_from_leaf(state, effort, scratch, [&](auto& computer, const auto& entry_points, std::size_t kept) {
        graph::walk(computer, entry_points, {}, effort, kept, state.graph->degree, scratch.walk);
    });
}

}  // namespace

float comparable_distance(const Index::State& state, std::span<const float> query, float distance) {
    if (state.description.metric != Metric::dot) return distance;
    float squares = 0;
    state.kernels->dot_f32(query.data(), query.data(), 0, nullptr, 1, query.size(), &squares);
    return squares > 0 ? distance / std::sqrt(squares) : 0.0f;
}

void search(const Index::State& state, std::span<const float> query, const SearchOptions& options, Scratch& scratch,
            std::span<Neighbor> out) {
    const std::size_t k = out.size();
    if (k == 0) return;
    scratch.scorer.set_query(query);
    Reranker reranker(state, scratch, k);
    if (state.graph) {
        const std::size_t effort = effort_wanted(state, options, k);
        const std::uint32_t count = state.description.count;
        const bool walks = !options.exact && count > least_walked && effort < scanned_from(count);
        if (walks) walk_graph(state, effort, scratch);
        if (!walks || !reranker.take_visited(reranked(state, effort, k))) reranker.filter_all();
        reranker.rerank(out);
        if (walks && state.drift.watching()) {
            const float sign = state.description.metric == Metric::dot ? -1.0f : 1.0f;
            state.drift.note(comparable_distance(state, query, sign * out.front().distance));
        }
        return;
    }
    const std::uint64_t wanted = candidates_wanted(options, k, state.description.dim);
    if (options.exact || wanted >= state.description.count) {
        reranker.filter_all();
    } else {
        scratch.scorer.gather(wanted, scratch.gather, scratch.candidates);
        if (scratch.candidates.size() >= k) {
            reranker.filter_by_bounds(scratch.candidates);
        } else {
            reranker.filter_all();  // only a damaged forest has fewer
        }
    }
    reranker.rerank(out);
}

}  // namespace nearfile::search
