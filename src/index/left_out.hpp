// A graph as it would be without one of its items, for the calibration, whose queries are items: a walk that may not
// use the item's own vertex misses the edges that other vertices spent on it, and would find too little. So a vertex
// that has the item as a neighbour gets another in its place: of the item's own neighbours the one nearest to the
// vertex, which is what pruning would have taken next, or close to it. docs/algorithms/graph.md has the measurements.
//
// Belongs to one thread at a time; remembers what it has found out from walk to walk.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "graph/walk.hpp"
#include "index/scorer.hpp"
#include "index/state.hpp"

namespace nearfile::index {

// The neighbours of a vertex, as they stand in the file.
void neighbors_of(const Index::State& state, graph::RowId vertex, std::vector<graph::RowId>& out);

class LeftOut {
public:
    LeftOut(const Index::State& state, graph::RowId item) : state_(state), item_(item) {
        neighbors_of(state, item, of_item_);
    }

    graph::RowId item() const noexcept { return item_; }

    // What the vertex has in the place of the item; the item itself where it has nothing there, or never had the item.
    graph::RowId instead_at(graph::RowId vertex);

private:
    graph::RowId find_instead(graph::RowId vertex);

    const Index::State& state_;
    graph::RowId item_;
    std::vector<graph::RowId> of_item_;  // its neighbours
    std::vector<graph::RowId> of_vertex_;
    std::unordered_map<graph::RowId, graph::RowId> known_;
};

// What steers the walk, but for the item that is left out.
template <class Steering>
class SteeringWithout {
public:
    SteeringWithout(Steering& steering, LeftOut& left_out) : steering_(steering), left_out_(left_out) {}

    void prefetch_vertex(graph::RowId vertex) const noexcept { steering_.prefetch_vertex(vertex); }
    void prefetch(graph::RowId item) const noexcept { steering_.prefetch(item); }
    std::size_t promising(graph::Step vertex, float bar, graph::RowId* ids) {
        const std::size_t n = steering_.promising(vertex, bar, ids);
        std::size_t n_left = 0;
        for (std::size_t i = 0; i < n; ++i) {
            ids[n_left] = ids[i];
            n_left += ids[i] != left_out_.item() ? 1 : 0;
        }
        const graph::RowId instead = left_out_.instead_at(vertex.item);
        // No more than the vertex has places: the item had one of them.
        if (instead != left_out_.item()) ids[n_left++] = instead;
        return n_left;
    }
    void distances(std::span<const graph::RowId> ids, float* out) const { steering_.distances(ids, out); }

private:
    Steering& steering_;
    LeftOut& left_out_;
};

}  // namespace nearfile::index
