// Best-first search: from the entry points, always on to expand the nearest visited vertex that is not expanded yet,
// until none is left among the `width` nearest; the `kept` nearest are remembered. `without` are never visited.
//
// Memory is far away, so the walk is two steps ahead of what it knows: which vertex is next is chosen before the
// present one is expanded, and what that one leads to is measured after the next was expanded. A few more vertices are
// expanded for it, and none is waited for. This is the whole of it; what distances are, a DistanceComputer knows:
//
//     void prefetch_vertex(ItemId) const;
//     // Neighbours of the vertex that may be nearer than the threshold, at most `degree` of them; returns how many.
//     std::size_t select_neighbors(Step vertex, float threshold, ItemId* ids);
//     void prefetch(ItemId) const;
//     void distances(std::span<const ItemId> ids, float* out);
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
    std::vector<ItemId> discovered;
    std::vector<ItemId> discovered_before;
    std::vector<float> distances;
};

template <class DistanceComputer>
void walk(DistanceComputer& computer, std::span<const ItemId> entry_points, std::span<const ItemId> without,
          std::size_t width, std::size_t kept, std::size_t degree, WalkScratch& scratch) {
    Frontier& frontier = scratch.frontier;
    Visited& visited = scratch.visited;
    const std::size_t most = std::max(degree, entry_points.size());
    frontier.reset(width, kept);
    // Enough for most walks; what is not, it grows by itself.
    visited.reset(std::min(width * 8 + entry_points.size(), std::size_t{1} << 16));
    for (auto* discovered : {&scratch.discovered, &scratch.discovered_before}) {
        if (discovered->size() < most) discovered->resize(most);
    }
    if (scratch.distances.size() < most) scratch.distances.resize(most);

    ItemId* discovered = scratch.discovered.data();
    ItemId* discovered_before = scratch.discovered_before.data();
    // How many of the first n of `discovered` were not there before; they move to its beginning.
    const auto fresh = [&](std::size_t n) {
        std::size_t n_fresh = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const ItemId id = discovered[i];
            if (!visited.insert(id)) continue;
            computer.prefetch(id);
            discovered[n_fresh++] = id;
        }
        return n_fresh;
    };
    const auto compute = [&](const ItemId* ids, std::size_t n) {
        computer.distances({ids, n}, scratch.distances.data());
        for (std::size_t i = 0; i < n; ++i) frontier.insert(scratch.distances[i], ids[i]);
    };
    const auto choose = [&] {
        const Step vertex = frontier.next();
        computer.prefetch_vertex(vertex.item);
        return vertex;
    };

    for (const ItemId each : without) visited.insert(each);
    std::copy(entry_points.begin(), entry_points.end(), discovered);
    compute(discovered, fresh(entry_points.size()));
    if (!frontier.has_next()) return;
    std::size_t n_before = 0;
    for (Step vertex = choose();;) {
        const bool ahead = frontier.has_next();
        const Step next = ahead ? choose() : vertex;
        const std::size_t n = fresh(computer.select_neighbors(vertex, frontier.threshold(), discovered));
        compute(discovered_before, n_before);
        std::swap(discovered, discovered_before);
        n_before = n;
        if (ahead) {
            vertex = next;
            continue;
        }
        if (!frontier.has_next()) {
            compute(discovered_before, n_before);
            n_before = 0;
            if (!frontier.has_next()) return;
        }
        vertex = choose();
    }
}

}  // namespace nearfile::graph
