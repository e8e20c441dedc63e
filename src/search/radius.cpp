#include "search/radius.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>

#include "search/admission.hpp"
#include "search/effort.hpp"
#include "search/graph_walk.hpp"
#include "search/scan.hpp"
#include "search/within.hpp"

namespace nearfile::search {
namespace {

// The k of the first walk, and how many times as many the next one asks for: most queries are answered by one walk, and
// what walks that did not suffice have cost is a third of the one that does.
constexpr std::size_t first_k = 32;
constexpr std::size_t growth = 4;

constexpr std::uint64_t candidates_per_result = 200;  // of a forest, as its searches have it

// Walks until one has found fewer than it asked for; false where a look at every item would cost less, or is asked for.
bool walks_suffice(const Index::State& state, const RadiusOptions& options, std::size_t most, Scratch& scratch,
                   Within& within) {
    const std::size_t count = state.description.count;
    if (options.exact || count <= least_walked) return false;
    const float recall = options.recall > 0 ? options.recall : default_recall;
    std::uint64_t spent = 0;
    for (std::size_t k = std::min(first_k, most); k < count; k = std::min(k * growth, most)) {
        const std::uint32_t effort = effort_for(state.calibration, static_cast<std::uint32_t>(k), recall);
        spent += effort;
        if (spent >= scanned_from(state)) return false;
        walk_from_leaf(state, effort, k, scratch, [&](auto& computer, const auto& entry_points, std::size_t kept) {
            graph::walk(computer, entry_points, {}, effort, kept, state.graph->degree, scratch.walk);
        });
        const std::size_t n = std::min(reranked(state, effort, k), scratch.walk.frontier.size());
        if (n < k) return false;
        within.clear();
        within.take_visited(n);
        if (within.count() < k || k == most) return true;
    }
    return false;
}

// The same with candidates of a forest.
bool candidates_suffice(const Index::State& state, const RadiusOptions& options, std::size_t most, Scratch& scratch,
                        Within& within) {
    const std::size_t count = state.description.count;
    std::uint64_t wanted = options.search_k != 0 ? options.search_k : candidates_per_result * first_k;
    for (std::size_t k = std::min(first_k, most);; k = std::min(k * growth, most), wanted *= growth) {
        if (options.exact || wanted >= count) return false;
        scratch.scorer.gather(std::max<std::size_t>(wanted, k), {}, scratch.gather, scratch.candidates);
        within.clear();
        within.take(scratch.candidates);
        if (within.count() < k || k == most) return true;
    }
}

// Whether a look at all that is admitted is the least to do.
bool few_are_admitted(const Index::State& state, const RadiusOptions& options, std::size_t admitted) {
    if (options.exact || state.description.count <= least_walked) return true;
    const double scanned = static_cast<double>(admitted) * admitted_item_of_a_scan(state);
    if (!state.graph) return scanned <= static_cast<double>(candidates_per_result * first_k) * item_of_a_scan(state);
    const float recall = options.recall > 0 ? options.recall : default_recall;
    const std::uint32_t effort = effort_for(state.calibration, first_k, recall);
    return effort == every_item || scanned <= effort * vertex_of_a_walk(state);
}

// Among what is admitted: all of it is looked at where it is little, else what is not admitted is left out of what is
// within the radius.
std::vector<Neighbor> admitted_within(const Index::State& state, const RadiusQuery& query, float compared,
                                      const RadiusOptions& options, std::size_t most, Scratch& scratch) {
    const std::size_t count = state.description.count;
    Within within(state, scratch, compared, count);
    const bool walked = !few_are_admitted(state, options, query.admitted->count()) &&
                        (state.graph ? walks_suffice(state, options, count, scratch, within)
                                     : candidates_suffice(state, options, count, scratch, within));
    if (!walked) {
        within.clear();
        const Admission admission(query.admitted, {}, state.description.count, scratch.excluded);
        admission.for_each([&](std::span<const ItemId> some) { within.take(some); });
    }
    std::vector<Neighbor> found = within.finish();
    std::erase_if(found, [&](const Neighbor& each) { return !query.admitted->has(state.item_of(each.row)); });
    if (found.size() > most) found.resize(most);
    return found;
}

}  // namespace

void search_radius(const Index::State& state, std::span<const RadiusQuery> queries, float radius,
                   const RadiusOptions& options) {
    const float compared = state.description.metric == Metric::dot ? -radius : radius;
    const std::size_t count = state.description.count;
    const std::size_t most = options.max_results != 0 ? options.max_results : count;
    std::deque<BorrowedScratch> scratches;
    std::vector<Within> unsettled;
    std::vector<std::vector<Neighbor>*> found;
    for (const RadiusQuery& query : queries) {
        Scratch& scratch = *scratches.emplace_back(state);
        scratch.scorer.set_query(query.values);
        if (query.seen != nullptr) scratch.scorer.restore_seen(*query.seen);
        if (query.admitted != nullptr) {
            *query.found = admitted_within(state, query, compared, options, most, scratch);
            scratches.pop_back();
            continue;
        }
        Within within(state, scratch, compared, most);
        const bool settled = state.graph ? walks_suffice(state, options, most, scratch, within)
                                         : candidates_suffice(state, options, most, scratch, within);
        if (settled) {
            *query.found = within.finish();
            scratches.pop_back();
        } else {
            within.clear();
            unsettled.push_back(std::move(within));
            found.push_back(query.found);
        }
    }
    scan(state, std::span(unsettled));
    for (std::size_t i = 0; i < unsettled.size(); ++i) *found[i] = unsettled[i].finish();
}

}  // namespace nearfile::search
