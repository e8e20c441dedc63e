// Which way a search with a filter goes. docs/algorithms/filters.md has the measurements.
#include <algorithm>
#include <cmath>
#include <limits>

#include "search/effort.hpp"
#include "search/filtered.hpp"
#include "search/graph_walk.hpp"

namespace nearfile::search {
namespace {

using Way = FilteredPlan::Way;

// So many items about a query's leaf, in the order of the file, say how much of what is near it is admitted.
constexpr std::uint32_t looked_at = 2048;
// Where hardly any of them are, the share of all items counts as so many more.
constexpr double weight_of_all = 64;

double admitted_share_near(const Admission& admission, const forest::Range& leaf) {
    const std::uint32_t middle = leaf.first + static_cast<std::uint32_t>(leaf.size / 2);
    const std::uint32_t first = middle - std::min(middle, looked_at / 2);
    const std::uint32_t end = std::min(admission.n_items(), first + looked_at);
    const double of_all = static_cast<double>(admission.count()) / admission.n_items();
    return (admission.count_in(first, end) + weight_of_all * of_all) / (end - first + weight_of_all);
}

// The k nearest that are admitted are the k / share nearest of all, and a walk that finds so many of those finds as
// many of these: some with less effort, because it sees them beside its way, but how much less depends on the data.
std::uint32_t effort_of_walk(const Index::State& state, std::size_t k, double share, float recall) {
    const double rank = std::clamp(static_cast<double>(k) / share, static_cast<double>(k), 1e8);
    return effort_for(state.calibration, static_cast<std::uint32_t>(rank), recall);
}

// In nanoseconds, as what effort.hpp has.
double item_by_its_code(const Index::State& state) noexcept {
    return 14 + 0.02 * static_cast<double>(state.graph->nibble_layout.stride);
}

// What a candidate of a forest costs, and an item of a leaf that is none because it is not admitted.
constexpr double candidate = 20;
constexpr double passed_by = 2.5;

FilteredPlan plan_of_forest(const Index::State& state, const SearchOptions& options, const Admission& admission,
                            std::size_t k) {
    const auto wanted = static_cast<double>(candidates_wanted(options, k, state.description.dim));
    const double n = admission.count();
    const double passed = wanted * state.description.count / std::max(n, 1.0);
    const bool gathers = n * candidate > wanted * candidate + passed * passed_by;
    return {gathers ? Way::gather : Way::scan, 0, static_cast<std::size_t>(wanted)};
}

}  // namespace

FilteredPlan plan_of(const Index::State& state, const SearchOptions& options, const Admission& admission, std::size_t k,
                     Scorer& scorer) {
    if (options.exact || state.description.count <= least_walked) return {Way::scan};
    if (!state.graph) return plan_of_forest(state, options, admission, k);
    const bool by_recall = options.effort == 0 || options.recall > 0;
    const float recall = options.recall > 0 ? options.recall : default_recall;
    std::uint32_t effort = options.effort;
    if (by_recall) effort = std::max(effort, effort_for(state.calibration, static_cast<std::uint32_t>(k), recall));
    if (effort == every_item) return {Way::scan};
    // As many as without a filter: those that are admitted lie less close to each other than all.
    const std::size_t measured = reranked(state, effort, k);
    if (by_recall) {
        const double share = admitted_share_near(admission, scorer.entry_leaf());
        effort = std::max(effort, effort_of_walk(state, k, share, recall));
    }
    const double n = admission.count();
    const double walked =
        effort == every_item ? std::numeric_limits<double>::infinity() : effort * vertex_of_a_walk(state);
    const double scanned = n * (state.graph->has_nibbles() ? item_by_its_code(state) : admitted_item_of_a_scan(state));
    if (walked < scanned) return {Way::walk, effort, measured};
    return {state.graph->has_nibbles() ? Way::scan_codes : Way::scan};
}

}  // namespace nearfile::search
