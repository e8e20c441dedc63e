// A walk that goes through all vertices and remembers only what is admitted: the way to the nearest leads through what
// is not, and everything admitted that it passes by is looked at, however far beyond the walk's own threshold.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>

#include "graph/frontier.hpp"
#include "graph/walk.hpp"
#include "search/admission.hpp"

namespace nearfile::search {

// A distance computer (graph/walk.hpp) around another one. `found` is what is admitted, nearest first.
template <class Computer>
class FilteredDistanceComputer {
public:
    FilteredDistanceComputer(Computer& computer, const Admission& admission, graph::Frontier& found)
        : computer_(computer), admission_(admission), found_(found) {}

    // Many are on the way and no answers.
    void prefetch_vertex(graph::ItemId vertex, std::size_t) const noexcept {
        computer_.prefetch_vertex(vertex, std::numeric_limits<std::size_t>::max());
    }
    void prefetch(graph::ItemId item) const noexcept { computer_.prefetch(item); }

    std::size_t select_neighbors(graph::Step vertex, float threshold, graph::ItemId* ids) const noexcept {
        return computer_.select_neighbors(vertex, threshold, found_.threshold(), admission_, ids);
    }

    void distances(std::span<const graph::ItemId> ids, float* out) const {
        computer_.distances(ids, out);
        for (std::size_t i = 0; i < ids.size(); ++i) {
            if (admission_.admits(ids[i])) found_.insert(out[i], ids[i]);
        }
    }

private:
    Computer& computer_;
    const Admission& admission_;
    graph::Frontier& found_;
};

}  // namespace nearfile::search
