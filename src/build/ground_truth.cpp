#include "build/ground_truth.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <span>

#include "build/stages.hpp"
#include "search/exact_batch.hpp"
#include "search/scan.hpp"
#include "search/search.hpp"

namespace nearfile::build {
namespace {

// One more is looked for than is wanted where a query is an item: itself, or a duplicate in its place, is left out.
std::vector<float> distances_of(std::span<const Neighbor> found, std::uint32_t own_row, bool is_item, float sign) {
    std::vector<float> distances;
    bool skipped = !is_item;
    for (const Neighbor& each : found) {
        if (!skipped && each.row == own_row) {
            skipped = true;
            continue;
        }
        distances.push_back(sign * each.distance);
    }
    if (!skipped) distances.pop_back();
    return distances;
}

// The k nearest of every query.
std::vector<Neighbor> nearest_of(const Index::State& state, std::span<const float> queries, std::size_t k,
                                 unsigned threads, const StageWatch& watch) {
    const std::size_t dim = state.description.dim;
    const std::size_t n = queries.size() / dim;
    std::vector<Neighbor> found(n * k);
    if (search::pays_exact_batch(state, n)) {
        const bool finished = search::exact_batch(
            state, queries, k, threads, found,
            [&](std::size_t done, std::size_t total) { return !watch || watch("truth", done, total); });
        if (!finished) raise_stopped("truth");
        return found;
    }
    std::atomic<bool> stop{false};
    run_stage(
        "truth", (n + search::queries_a_scan - 1) / search::queries_a_scan, threads,
        [&](std::size_t task) {
            const std::size_t begin = task * search::queries_a_scan;
            const std::size_t some = std::min(n - begin, search::queries_a_scan);
            search::search_all(state, queries.subspan(begin * dim, some * dim), k,
                               std::span(found).subspan(begin * k, some * k));
        },
        watch, stop);
    return found;
}

}  // namespace

std::vector<std::vector<float>> nearest_distances(const Index::State& state, const CalibrationQueries& queries,
                                                  std::size_t most, unsigned threads, const StageWatch& watch) {
    const std::size_t n_queries = queries.values.size() / state.description.dim;
    const bool items = !queries.items.empty();
    const std::size_t k = most + (items ? 1 : 0);
    const float sign = state.description.metric == Metric::dot ? -1.0f : 1.0f;
    const std::vector<Neighbor> found = nearest_of(state, queries.values, k, threads, watch);
    std::vector<std::vector<float>> nearest(n_queries);
    for (std::size_t q = 0; q < n_queries; ++q) {
        const std::uint32_t own = items ? state.row_of(queries.items[q]) : 0;
        nearest[q] = distances_of(std::span(found).subspan(q * k, k), own, items, sign);
    }
    return nearest;
}

}  // namespace nearfile::build
