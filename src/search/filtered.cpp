#include "search/filtered.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "search/filtered_walk.hpp"
#include "search/graph_walk.hpp"
#include "search/reranker.hpp"

namespace nearfile::search {
namespace {

void scan_bounds(const Admission& admission, Reranker& reranker) {
    admission.for_each([&](std::span<const ItemId> some) { reranker.filter_by_bounds(some); });
}

// How far every admitted item is by its 4-bit code.
void measure_codes(const Index::State& state, const Admission& admission, Scratch& scratch) {
    scratch.scorer.entry_leaf();  // the query as codes see it comes with it
    NibbleDistances computer(state);
    computer.set_query(scratch.scorer);
    scratch.coded.clear();
    scratch.coded.reserve(admission.count());
    std::array<float, Admission::at_once> distances;
    admission.for_each([&](std::span<const ItemId> some) {
        for (const ItemId item : some) computer.prefetch(item);
        computer.distances(some, distances.data());
        for (std::size_t i = 0; i < some.size(); ++i) scratch.coded.push_back({distances[i], some[i]});
    });
}

// The likeliest first, each time three times as many as were measured before, until none of so many came among the
// nearest: where many are as far as each other, which a filter that allows nothing near makes them, codes do not tell
// them apart.
void measure_likeliest(std::size_t k, Scratch& scratch, Reranker& reranker) {
    const auto nearer = [](const Coded& a, const Coded& b) {
        return a.distance < b.distance || (a.distance == b.distance && a.item < b.item);
    };
    auto& coded = scratch.coded;
    auto& candidates = scratch.candidates;
    std::size_t measured = 0;
    bool gained = true;
    while (gained && measured < coded.size()) {
        const std::size_t n = std::min(measured == 0 ? k + 20 : 3 * measured, coded.size() - measured);
        const auto begin = coded.begin() + static_cast<std::ptrdiff_t>(measured);
        const auto end = begin + static_cast<std::ptrdiff_t>(n);
        if (end != coded.end()) std::nth_element(begin, end, coded.end(), nearer);
        candidates.clear();
        std::transform(begin, end, std::back_inserter(candidates), [](const Coded& each) { return each.item; });
        gained = reranker.measure(candidates);
        measured += n;
    }
}

void walk(const Index::State& state, const FilteredPlan& plan, const Admission& admission, std::size_t k,
          Scratch& scratch) {
    graph::Frontier& found = scratch.admitted;
    found.reset(plan.measured);
    walk_from_leaf(state, plan.effort, k, scratch, [&](auto& computer, const auto& entry_points, std::size_t) {
        FilteredDistanceComputer filtered(computer, admission, found);
        graph::walk(filtered, entry_points, {}, plan.effort, plan.effort, state.graph->degree, scratch.walk);
    });
}

void gather(const FilteredPlan& plan, const Admission& admission, Scratch& scratch) {
    scratch.scorer.gather(plan.measured + admission.n_excluded(), admission.words(), scratch.gather,
                          scratch.candidates);
    std::erase_if(scratch.candidates, [&](ItemId item) { return admission.excludes(item); });
}

// False where it came up short.
bool go(const Index::State& state, const FilteredPlan& plan, const Admission& admission, std::size_t k,
        Scratch& scratch, Reranker& reranker) {
    switch (plan.way) {
        case FilteredPlan::Way::scan:
            return false;
        case FilteredPlan::Way::scan_codes:
            measure_codes(state, admission, scratch);
            measure_likeliest(k, scratch, reranker);
            return true;
        case FilteredPlan::Way::walk:
            walk(state, plan, admission, k, scratch);
            return reranker.take_found(scratch.admitted);
        case FilteredPlan::Way::gather:
            gather(plan, admission, scratch);
            if (scratch.candidates.size() < k) return false;
            reranker.filter_by_bounds(scratch.candidates);
            return true;
    }
    return false;
}

}  // namespace

void find_admitted(const Index::State& state, const FilteredPlan& plan, const Admission& admission, std::size_t k,
                   Scratch& scratch, Reranker& reranker) {
    if (!go(state, plan, admission, k, scratch, reranker)) scan_bounds(admission, reranker);
}

void search_admitted(const Index::State& state, std::span<const float> query, const SearchOptions& options,
                     const Admission& admission, Scratch& scratch, std::span<Neighbor> out, const SeenQuery* seen) {
    const std::size_t k = out.size();
    if (k == 0) return;
    scratch.scorer.set_query(query);
    if (seen != nullptr) scratch.scorer.restore_seen(*seen);
    Reranker reranker(state, scratch, k);
    const FilteredPlan plan = plan_of(state, options, admission, k, scratch.scorer);
    find_admitted(state, plan, admission, k, scratch, reranker);
    reranker.rerank(out);
}

}  // namespace nearfile::search
