// What a walk through the graph of an index knows of distances: graph/walk.hpp says what is asked of it.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <span>
#include <vector>

#include "graph/walk.hpp"
#include "opened/state.hpp"
#include "search/scorer.hpp"

namespace nearfile::search {

// How far vertices are by their 4-bit codes: squared, or the negative inner product, in the space of the walk.
class NibbleDistances {
public:
    explicit NibbleDistances(const Index::State& state) : state_(state) {}

    void set_query(const Scorer& scorer);

    void prefetch_vertex(graph::ItemId vertex) const noexcept { state_.graph->prefetch_vertex(vertex); }
    void prefetch(graph::ItemId item) const noexcept { state_.graph->prefetch_nibbles(item); }
    void distances(std::span<const graph::ItemId> ids, float* out) const noexcept;

protected:
    const Index::State& state_;

private:
    const codes::ScaledQuery* query_ = nullptr;
    float query_sum_ = 0;   // 7.5 times the sum of its code
    float query_norm_ = 0;  // squared
};

// Sketches say which neighbours of a vertex deserve a look at their 4-bit codes.
class SketchDistanceComputer : public NibbleDistances {
public:
    SketchDistanceComputer(const Index::State& state, codes::SketchTables& tables)
        : NibbleDistances(state), tables_(tables) {}

    void set_query(const Scorer& scorer);
    std::size_t select_neighbors(graph::Step vertex, float threshold, graph::ItemId* ids) const noexcept;

private:
    codes::SketchTables& tables_;
};

// All do.
class NibbleDistanceComputer : public NibbleDistances {
public:
    using NibbleDistances::NibbleDistances;

    std::size_t select_neighbors(graph::Step vertex, float, graph::ItemId* ids) const noexcept {
        return state_.graph->neighbors(vertex.item, state_.description.count, ids);
    }
};

// All neighbours of a vertex deserve a look at their 8-bit codes.
class CodeDistanceComputer {
public:
    CodeDistanceComputer(const Index::State& state, Scorer& scorer) : state_(state), scorer_(scorer) {}

    void prefetch_vertex(graph::ItemId vertex) const noexcept { state_.graph->prefetch_vertex(vertex); }
    // Two steps before the kernels read it.
    void prefetch(graph::ItemId item) const noexcept {
        opened::prefetch_row(state_.graph->codes, state_.graph->code_stride, item);
    }
    std::size_t select_neighbors(graph::Step vertex, float, graph::ItemId* ids) const noexcept {
        return state_.graph->neighbors(vertex.item, state_.description.count, ids);
    }
    void distances(std::span<const graph::ItemId> ids, float* out) const;

private:
    const Index::State& state_;
    Scorer& scorer_;
};

}  // namespace nearfile::search
