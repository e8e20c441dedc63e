#include "index/left_out.hpp"

#include <algorithm>

#include "index/scratch.hpp"

namespace nearfile::index {

void neighbors_of(const Index::State& state, graph::RowId vertex, std::vector<graph::RowId>& out) {
    const GraphView& graph = *state.graph;
    out.clear();
    for (std::size_t place = 0; place < graph.degree; ++place) {
        const graph::RowId id = graph.neighbor(vertex, place);
        if (id < state.description.count) out.push_back(id);
    }
}

graph::RowId LeftOut::instead_at(graph::RowId vertex) {
    const auto [found, is_new] = known_.try_emplace(vertex, item_);
    if (is_new) found->second = find_instead(vertex);
    return found->second;
}

graph::RowId LeftOut::find_instead(graph::RowId vertex) {
    neighbors_of(state_, vertex, of_vertex_);
    if (std::find(of_vertex_.begin(), of_vertex_.end(), item_) == of_vertex_.end()) return item_;
    std::vector<graph::RowId> candidates;
    for (const graph::RowId each : of_item_) {
        const bool known = std::find(of_vertex_.begin(), of_vertex_.end(), each) != of_vertex_.end();
        if (each != vertex && each != item_ && !known) candidates.push_back(each);
    }
    if (candidates.empty()) return item_;
    std::vector<float> values(state_.description.dim);
    vector_of(state_, vertex, values);
    BorrowedScratch scratch(state_);
    Scorer& scorer = (*scratch).scorer;
    scorer.set_query(values);
    std::vector<float> distances(candidates.size());
    for (std::size_t start = 0; start < candidates.size(); start += Scorer::exact_batch) {
        const std::size_t n = std::min(Scorer::exact_batch, candidates.size() - start);
        scorer.exact(candidates.data() + start, n, distances.data() + start);
    }
    return candidates[static_cast<std::size_t>(std::min_element(distances.begin(), distances.end()) -
                                               distances.begin())];
}

}  // namespace nearfile::index
