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
#include "search/admission.hpp"
#include "search/scorer.hpp"

namespace nearfile::search {

// Sketches say which neighbours of a vertex deserve a look at their 4-bit codes; these say how far they are: squared,
// or the negative inner product, in the space of the walk.
class SketchDistanceComputer {
public:
    SketchDistanceComputer(const Index::State& state, codes::SketchTables& tables) : state_(state), tables_(tables) {}

    void set_query(const Scorer& scorer);

    void prefetch_vertex(graph::ItemId vertex) const noexcept { state_.graph->prefetch_vertex(vertex); }
    void prefetch(graph::ItemId item) const noexcept {
        const opened::GraphView& graph = *state_.graph;
        opened::prefetch_lines(graph.nibbles.data() + item * graph.nibble_layout.stride, graph.nibble_layout.stride);
        __builtin_prefetch(&graph.nibble_tails[item]);
    }
    std::size_t select_neighbors(graph::Step vertex, float threshold, graph::ItemId* ids) const noexcept;
    // And of those that are admitted also what may be nearer than `wider`.
    std::size_t select_neighbors(graph::Step vertex, float threshold, float wider, const Admission& admission,
                                 graph::ItemId* ids) const noexcept;
    void distances(std::span<const graph::ItemId> ids, float* out) const noexcept;

private:
    // A bit for each place of the vertex.
    using Places = std::array<std::uint16_t, opened::max_degree / codes::sketch_group>;
    void places_below(graph::Step vertex, float threshold, Places& places) const noexcept;
    // Four bytes are read of each number: behind the last are scales.
    graph::ItemId sketched_neighbor(graph::ItemId vertex, std::size_t place) const noexcept {
        const opened::GraphView& graph = *state_.graph;
        const std::byte* at = graph.vertices.data() + vertex * graph.stride + graph.sketches->ids;
        graph::ItemId id;
        std::memcpy(&id, at + place * graph.id_bytes, sizeof id);
        return id & opened::no_neighbor(state_.description.count);
    }

    const Index::State& state_;
    codes::SketchTables& tables_;
    const codes::ScaledQuery* query_ = nullptr;
    float query_sum_ = 0;   // 7.5 times the sum of its code
    float query_norm_ = 0;  // squared
};

// All neighbours of a vertex deserve a look at their codes.
class CodeDistanceComputer {
public:
    CodeDistanceComputer(const Index::State& state, Scorer& scorer) : state_(state), scorer_(scorer) {}

    void prefetch_vertex(graph::ItemId vertex) const noexcept { state_.graph->prefetch_vertex(vertex); }
    // Two steps before the kernels read it.
    void prefetch(graph::ItemId item) const noexcept {
        opened::prefetch_row(state_.graph->codes, state_.graph->code_stride, item);
    }
    std::size_t select_neighbors(graph::Step vertex, float threshold, graph::ItemId* ids) const noexcept;
    std::size_t select_neighbors(graph::Step vertex, float threshold, float, const Admission&,
                                 graph::ItemId* ids) const noexcept {
        return select_neighbors(vertex, threshold, ids);
    }
    void distances(std::span<const graph::ItemId> ids, float* out) const;

private:
    const Index::State& state_;
    Scorer& scorer_;
};

}  // namespace nearfile::search
