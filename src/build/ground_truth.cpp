#include "build/ground_truth.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <span>

#include "build/stages.hpp"
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

}  // namespace

std::vector<std::vector<float>> nearest_distances(const Index::State& state, const CalibrationQueries& queries,
                                                  std::size_t most, unsigned threads, const StageWatch& watch) {
    const std::size_t dim = state.description.dim;
    const std::size_t n_queries = queries.values.size() / dim;
    const bool items = !queries.items.empty();
    const std::size_t k = most + (items ? 1 : 0);
    const float sign = state.description.metric == Metric::dot ? -1.0f : 1.0f;
    std::vector<std::vector<float>> nearest(n_queries);
    std::atomic<bool> stop{false};
    run_stage(
        "truth", (n_queries + search::queries_a_scan - 1) / search::queries_a_scan, threads,
        [&](std::size_t task) {
            const std::size_t begin = task * search::queries_a_scan;
            const std::size_t end = std::min(n_queries, begin + search::queries_a_scan);
            std::vector<Neighbor> found((end - begin) * k);
            search::search_all(state, std::span(queries.values).subspan(begin * dim, (end - begin) * dim), k, found);
            for (std::size_t q = begin; q < end; ++q) {
                const std::uint32_t own = items ? state.row_of(queries.items[q]) : 0;
                nearest[q] = distances_of(std::span(found).subspan((q - begin) * k, k), own, items, sign);
            }
        },
        watch, stop);
    return nearest;
}

}  // namespace nearfile::build
