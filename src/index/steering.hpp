// What a walk through the graph of an index knows of distances: graph/walk.hpp says what is asked of it.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <span>
#include <vector>

#include "graph/walk.hpp"
#include "index/scorer.hpp"
#include "index/state.hpp"

namespace nearfile::index {

// Sketches say which neighbours of a vertex deserve a look at their 4-bit codes; these say how far they are: squared,
// or the negative inner product, in the space of the walk.
class SketchSteering {
public:
    SketchSteering(const Index::State& state, codes::SketchTables& tables) : state_(state), tables_(tables) {}

    void set_query(const Scorer& scorer);

    void prefetch_vertex(graph::RowId vertex) const noexcept { state_.graph->prefetch_vertex(vertex); }
    void prefetch(graph::RowId item) const noexcept {
        prefetch_code(state_.graph->nibbles, state_.graph->nibble_layout.stride, item);
    }
    std::size_t promising(graph::Step vertex, float bar, graph::RowId* ids) const noexcept;
    void distances(std::span<const graph::RowId> ids, float* out) const noexcept;

private:
    const Index::State& state_;
    codes::SketchTables& tables_;
    const codes::ScaledQuery* query_ = nullptr;
    float query_sum_ = 0;   // 7.5 times the sum of its code
    float query_norm_ = 0;  // squared
};

// All neighbours of a vertex deserve a look at their codes.
class CodeSteering {
public:
    CodeSteering(const Index::State& state, const Scorer& scorer) : state_(state), scorer_(scorer) {}

    void prefetch_vertex(graph::RowId vertex) const noexcept { state_.graph->prefetch_vertex(vertex); }
    // Two steps before the kernels read it.
    void prefetch(graph::RowId item) const noexcept {
        prefetch_code(state_.graph->codes, state_.graph->code_stride, item);
    }
    std::size_t promising(graph::Step vertex, float bar, graph::RowId* ids) const noexcept;
    void distances(std::span<const graph::RowId> ids, float* out) const;

private:
    const Index::State& state_;
    const Scorer& scorer_;
};

}  // namespace nearfile::index
