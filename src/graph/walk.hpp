// Best-first search: from the seeds, always on to the nearest vertex that has not been looked at, until none is left
// among the `width` nearest; the `kept` nearest are remembered. `without` are never met. Which vertex is next is
// settled before the neighbours of the present one are measured, so that memory works on its row meanwhile. This is the
// whole of it; what distances are, a Steering knows:
//
//     void prefetch_vertex(RowId) const;
//     std::size_t promising(Step vertex, float bar, RowId* ids);   // its neighbours that may be nearer than the bar,
//                                                                  // at most `degree` of them
//     void prefetch(RowId) const;
//     void distances(std::span<const RowId> ids, float* out);
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "graph/frontier.hpp"
#include "graph/visited.hpp"

namespace nearfile::graph {

struct WalkScratch {
    Frontier frontier;
    Visited visited;
    std::vector<RowId> ids;
    std::vector<float> distances;
};

template <class Steering>
void walk(Steering& steering, std::span<const RowId> seeds, std::span<const RowId> without, std::size_t width,
          std::size_t kept, std::size_t degree, WalkScratch& scratch) {
    Frontier& frontier = scratch.frontier;
    Visited& visited = scratch.visited;
    std::vector<RowId>& ids = scratch.ids;
    frontier.reset(width, kept);
    // Enough for most walks; what is not, it grows by itself.
    visited.reset(std::min(width * 8, std::size_t{1} << 16));
    ids.resize(std::max(degree, seeds.size()));
    scratch.distances.resize(ids.size());

    std::size_t n_fresh = 0;
    const auto meet = [&](std::size_t n_met) {
        n_fresh = 0;
        for (std::size_t i = 0; i < n_met; ++i) {
            const RowId id = ids[i];
            if (!visited.insert(id)) continue;
            steering.prefetch(id);
            ids[n_fresh++] = id;
        }
    };
    const auto measure = [&] {
        steering.distances({ids.data(), n_fresh}, scratch.distances.data());
        for (std::size_t i = 0; i < n_fresh; ++i) frontier.insert(scratch.distances[i], ids[i]);
    };

    for (const RowId each : without) visited.insert(each);
    std::copy(seeds.begin(), seeds.end(), ids.begin());
    meet(seeds.size());
    measure();
    if (!frontier.has_next()) return;
    Step vertex = frontier.next();
    for (;;) {
        meet(steering.promising(vertex, frontier.bar(), ids.data()));
        // Chosen before what these are is known, so that its row is on the way while they are measured.
        const bool chosen = frontier.has_next();
        if (chosen) {
            vertex = frontier.next();
            steering.prefetch_vertex(vertex.item);
        }
        measure();
        if (chosen) continue;
        if (!frontier.has_next()) return;
        vertex = frontier.next();
    }
}

}  // namespace nearfile::graph
