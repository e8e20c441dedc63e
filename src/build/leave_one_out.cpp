#include "build/leave_one_out.hpp"

#include <algorithm>
#include <array>

#include "search/graph_walk.hpp"

namespace nearfile::build {

void neighbors_of(const Index::State& state, graph::ItemId vertex, std::vector<graph::ItemId>& out) {
    const opened::GraphView& graph = *state.graph;
    out.resize(graph.degree);
    out.resize(graph.neighbors(vertex, state.description.count, out.data()));
}

graph::ItemId LeaveOneOut::replacement_at(graph::ItemId vertex) {
    const auto [found, is_new] = known_.try_emplace(vertex, item_);
    if (is_new) found->second = find_replacement(vertex);
    return found->second;
}

graph::ItemId LeaveOneOut::find_replacement(graph::ItemId vertex) {
    neighbors_of(state_, vertex, of_vertex_);
    if (std::find(of_vertex_.begin(), of_vertex_.end(), item_) == of_vertex_.end()) return item_;
    std::vector<graph::ItemId> candidates;
    for (const graph::ItemId each : of_item_) {
        const bool known = std::find(of_vertex_.begin(), of_vertex_.end(), each) != of_vertex_.end();
        if (each != vertex && each != item_ && !known) candidates.push_back(each);
    }
    if (candidates.empty()) return item_;
    std::vector<float> values(state_.description.dim);
    opened::vector_of(state_, vertex, values);
    search::BorrowedScratch scratch(state_);
    search::Scorer& scorer = (*scratch).scorer;
    scorer.set_query(values);
    std::vector<float> distances(candidates.size());
    for (std::size_t start = 0; start < candidates.size(); start += search::Scorer::exact_batch) {
        const std::size_t n = std::min(search::Scorer::exact_batch, candidates.size() - start);
        scorer.exact(candidates.data() + start, n, distances.data() + start);
    }
    return candidates[static_cast<std::size_t>(std::min_element(distances.begin(), distances.end()) -
                                               distances.begin())];
}

void walk_without(const Index::State& state, std::uint32_t effort, std::size_t k, LeaveOneOut& leave_one_out,
                  search::Scratch& scratch) {
    const std::array<graph::ItemId, 1> item = {leave_one_out.item()};
    search::walk_from_leaf(state, effort, k, scratch, [&](auto& computer, const auto& entry_points, std::size_t kept) {
        LeaveOneOutComputer without(computer, leave_one_out);
        graph::walk(without, entry_points, item, effort, kept, state.graph->degree, scratch.walk);
    });
}

}  // namespace nearfile::build
