// Best-first search: from the entry points, always on to expand the nearest visited vertex that is not expanded yet,
// until none is left among the `width` nearest; the `kept` nearest are remembered. `without` are never visited.
//
// Memory is far away, so the walk is two steps ahead of what it knows: which vertex is next is chosen before the
// present one is expanded, and what that one leads to is measured after the next was expanded. A few more vertices are
// expanded for it, and none is waited for. This is the whole of it; what distances are, a DistanceComputer knows:
//
//     // To be expanded next; so many in view are nearer.
//     void prefetch_vertex(ItemId, std::size_t n_nearer) const;
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

// One walk, begun when it is made, a step at a time: so that somebody can go on with another one while this one's
// memory comes. Borrows all that it is given.
template <class DistanceComputer>
class Walk {
public:
    Walk(DistanceComputer& computer, std::span<const ItemId> entry_points, std::span<const ItemId> without,
         std::size_t width, std::size_t kept, std::size_t degree, WalkScratch& scratch, const Limit& limit = {})
        : computer_(computer), frontier_(scratch.frontier), visited_(scratch.visited) {
        const std::size_t most = std::max(degree, entry_points.size());
        frontier_.reset(width, kept, limit);
        // Enough for most walks; what is not, it grows by itself.
        visited_.reset(std::min(width * 8 + entry_points.size(), std::size_t{1} << 16));
        for (auto* discovered : {&scratch.discovered, &scratch.discovered_before}) {
            if (discovered->size() < most) discovered->resize(most);
        }
        if (scratch.distances.size() < most) scratch.distances.resize(most);
        discovered_ = scratch.discovered.data();
        before_ = scratch.discovered_before.data();
        distances_ = scratch.distances.data();
        for (const ItemId each : without) visited_.insert(each);
        std::copy(entry_points.begin(), entry_points.end(), before_);
        n_before_ = fresh(before_, entry_points.size());
    }

    // Expands one vertex; false where there is none left, and the walk is over.
    bool step() {
        if (!begun_) return begin();
        const bool ahead = frontier_.has_next();
        const Step next = ahead ? choose() : vertex_;
        const std::size_t n =
            fresh(discovered_, computer_.select_neighbors(vertex_, frontier_.threshold(), discovered_));
        compute();
        std::swap(discovered_, before_);
        n_before_ = n;
        vertex_ = next;
        return ahead || go_on();
    }

private:
    // The entry points were fetched when the walk was made.
    bool begin() {
        begun_ = true;
        return go_on();
    }

    bool go_on() {
        if (!frontier_.has_next()) compute();
        if (!frontier_.has_next()) return false;
        vertex_ = choose();
        return true;
    }

    Step choose() {
        const std::size_t n_nearer = frontier_.n_nearer();
        const Step vertex = frontier_.next();
        computer_.prefetch_vertex(vertex.item, n_nearer);
        return vertex;
    }

    // How many of the first n were not there before; they move to the beginning.
    std::size_t fresh(ItemId* ids, std::size_t n) {
        std::size_t n_fresh = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const ItemId id = ids[i];
            if (!visited_.insert(id)) continue;
            computer_.prefetch(id);
            ids[n_fresh++] = id;
        }
        return n_fresh;
    }

    void compute() {
        computer_.distances({before_, n_before_}, distances_);
        frontier_.insert_all(distances_, before_, n_before_);
        n_before_ = 0;
    }

    DistanceComputer& computer_;
    Frontier& frontier_;
    Visited& visited_;
    ItemId* discovered_;
    ItemId* before_;  // discovered by the step before, and not measured yet
    float* distances_;
    std::size_t n_before_ = 0;
    Step vertex_{};  // the next one to expand
    bool begun_ = false;
};

template <class DistanceComputer>
void walk(DistanceComputer& computer, std::span<const ItemId> entry_points, std::span<const ItemId> without,
          std::size_t width, std::size_t kept, std::size_t degree, WalkScratch& scratch, const Limit& limit = {}) {
    Walk<DistanceComputer> one(computer, entry_points, without, width, kept, degree, scratch, limit);
    while (one.step()) {
    }
}

}  // namespace nearfile::graph
