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
#include "opened/state.hpp"
#include "search/scratch.hpp"

namespace nearfile::build {

// The neighbours of a vertex, as they stand in the file.
void neighbors_of(const Index::State& state, graph::ItemId vertex, std::vector<graph::ItemId>& out);

class LeaveOneOut {
public:
    LeaveOneOut(const Index::State& state, graph::ItemId item) : state_(state), item_(item) {
        neighbors_of(state, item, of_item_);
    }

    graph::ItemId item() const noexcept { return item_; }

    // What the vertex has in the place of the item; the item itself where it has nothing there, or never had the item.
    graph::ItemId replacement_at(graph::ItemId vertex);

private:
    graph::ItemId find_replacement(graph::ItemId vertex);

    const Index::State& state_;
    graph::ItemId item_;
    std::vector<graph::ItemId> of_item_;  // its neighbours
    std::vector<graph::ItemId> of_vertex_;
    std::unordered_map<graph::ItemId, graph::ItemId> known_;
};

// Distances and neighbours as the walk sees them, but for the item that is left out.
template <class DistanceComputer>
class LeaveOneOutComputer {
public:
    LeaveOneOutComputer(DistanceComputer& computer, LeaveOneOut& leave_one_out)
        : computer_(computer), leave_one_out_(leave_one_out) {}

    void prefetch_vertex(graph::ItemId vertex, std::size_t n_nearer) const noexcept {
        computer_.prefetch_vertex(vertex, n_nearer);
    }
    void prefetch(graph::ItemId item) const noexcept { computer_.prefetch(item); }
    std::size_t select_neighbors(graph::Step vertex, float threshold, graph::ItemId* ids) {
        const std::size_t n = computer_.select_neighbors(vertex, threshold, ids);
        std::size_t n_left = 0;
        for (std::size_t i = 0; i < n; ++i) {
            ids[n_left] = ids[i];
            n_left += ids[i] != leave_one_out_.item() ? 1 : 0;
        }
        const graph::ItemId instead = leave_one_out_.replacement_at(vertex.item);
        // No more than the vertex has places: the item had one of them.
        if (instead != leave_one_out_.item()) ids[n_left++] = instead;
        return n_left;
    }
    void distances(std::span<const graph::ItemId> ids, float* out) const { computer_.distances(ids, out); }

private:
    DistanceComputer& computer_;
    LeaveOneOut& leave_one_out_;
};

// A search's walk on that graph, for the query of the scratch's scorer.
void walk_without(const Index::State& state, std::uint32_t effort, std::size_t k, LeaveOneOut& leave_one_out,
                  search::Scratch& scratch);

}  // namespace nearfile::build
