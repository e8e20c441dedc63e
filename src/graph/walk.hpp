// Best-first search: from the seeds, always on to the nearest vertex that has not been looked at, until none is left
// among the `width` nearest; the `kept` nearest are remembered. `without` are never met.
//
// Memory is far away, so the walk is two steps ahead of what it knows: which vertex is next is settled before the
// present one is looked at, and what that one leads to is measured after the next has been looked at. A few more
// vertices are looked at for it, and none is waited for. This is the whole of it; what distances are, a Steering knows:
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
    std::vector<RowId> met;
    std::vector<RowId> met_before;
    std::vector<float> distances;
};

template <class Steering>
void walk(Steering& steering, std::span<const RowId> seeds, std::span<const RowId> without, std::size_t width,
          std::size_t kept, std::size_t degree, WalkScratch& scratch) {
    Frontier& frontier = scratch.frontier;
    Visited& visited = scratch.visited;
    const std::size_t most = std::max(degree, seeds.size());
    frontier.reset(width, kept);
    // Enough for most walks; what is not, it grows by itself.
    visited.reset(std::min(width * 8 + seeds.size(), std::size_t{1} << 16));
    for (auto* met : {&scratch.met, &scratch.met_before}) {
        if (met->size() < most) met->resize(most);
    }
    if (scratch.distances.size() < most) scratch.distances.resize(most);

    RowId* met = scratch.met.data();
    RowId* met_before = scratch.met_before.data();
    // How many of the first n of `met` are met for the first time; they move to its beginning.
    const auto fresh = [&](std::size_t n) {
        std::size_t n_fresh = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const RowId id = met[i];
            if (!visited.insert(id)) continue;
            steering.prefetch(id);
            met[n_fresh++] = id;
        }
        return n_fresh;
    };
    const auto measure = [&](const RowId* ids, std::size_t n) {
        steering.distances({ids, n}, scratch.distances.data());
        for (std::size_t i = 0; i < n; ++i) frontier.insert(scratch.distances[i], ids[i]);
    };
    const auto choose = [&] {
        const Step vertex = frontier.next();
        steering.prefetch_vertex(vertex.item);
        return vertex;
    };

    for (const RowId each : without) visited.insert(each);
    std::copy(seeds.begin(), seeds.end(), met);
    measure(met, fresh(seeds.size()));
    if (!frontier.has_next()) return;
    std::size_t n_before = 0;
    for (Step vertex = choose();;) {
        const bool ahead = frontier.has_next();
        const Step next = ahead ? choose() : vertex;
        const std::size_t n = fresh(steering.promising(vertex, frontier.bar(), met));
        measure(met_before, n_before);
        std::swap(met, met_before);
        n_before = n;
        if (ahead) {
            vertex = next;
            continue;
        }
        if (!frontier.has_next()) {
            measure(met_before, n_before);
            n_before = 0;
            if (!frontier.has_next()) return;
        }
        vertex = choose();
    }
}

}  // namespace nearfile::graph
