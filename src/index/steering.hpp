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

    void prefetch_vertex(graph::RowId vertex) const noexcept {
        const GraphView& graph = *state_.graph;
        const std::byte* row = graph.vertices.data() + vertex * graph.stride;
        for (std::size_t i = 0; i < graph.stride; i += line) __builtin_prefetch(row + i);
    }
    void prefetch(graph::RowId item) const noexcept {
        const GraphView& graph = *state_.graph;
        const std::byte* row = graph.nibbles.data() + item * graph.nibble_layout.stride;
        for (std::size_t i = 0; i < graph.nibble_layout.stride; i += line) __builtin_prefetch(row + i);
        __builtin_prefetch(row + graph.nibble_layout.stride - 1);
    }
    std::size_t promising(graph::Step vertex, float bar, graph::RowId* ids) const noexcept;
    void distances(std::span<const graph::RowId> ids, float* out) const noexcept;

private:
    static constexpr std::size_t line = 64;

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

    void prefetch_vertex(graph::RowId vertex) const noexcept {
        const GraphView& graph = *state_.graph;
        const std::byte* row = graph.vertices.data() + vertex * graph.stride;
        for (std::size_t i = 0; i < graph.stride; i += 64) __builtin_prefetch(row + i);
    }
    // Two steps before the kernels read it.
    void prefetch(graph::RowId item) const noexcept {
        const GraphView& graph = *state_.graph;
        const std::byte* row = graph.codes.data() + item * graph.code_stride;
        for (std::size_t i = 0; i < graph.code_stride; i += 64) __builtin_prefetch(row + i);
        __builtin_prefetch(row + graph.code_stride - 1);
    }
    std::size_t promising(graph::Step vertex, float bar, graph::RowId* ids) const noexcept;
    void distances(std::span<const graph::RowId> ids, float* out) const;

private:
    const Index::State& state_;
    const Scorer& scorer_;
};

}  // namespace nearfile::index
