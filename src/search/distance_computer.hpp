// What a walk through the graph of an index knows of distances: graph/walk.hpp says what is asked of it.
#pragma once

#include <algorithm>
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

// How far vertices are by their 4-bit codes: squared, or the negative inner product, in the space of the walk.
class NibbleDistances {
public:
    // The vectors of what is expanded while fewer than `fetched_ahead` are nearer come with it: they will be measured.
    explicit NibbleDistances(const Index::State& state, std::size_t fetched_ahead = 0)
        : state_(state), fetched_ahead_(fetched_ahead) {}

    void set_query(const Scorer& scorer);

    void prefetch_vertex(graph::ItemId vertex, std::size_t n_nearer) const noexcept {
        state_.graph->prefetch_vertex(vertex);
        if (n_nearer < fetched_ahead_) scorer_->prefetch_vector(vertex);
    }
    void prefetch(graph::ItemId item) const noexcept { state_.graph->prefetch_nibbles(item); }
    void distances(std::span<const graph::ItemId> ids, float* out) const noexcept;

protected:
    const Index::State& state_;

private:
    std::size_t fetched_ahead_;
    const Scorer* scorer_ = nullptr;
    const codes::ScaledQuery* query_ = nullptr;
    float query_sum_ = 0;   // 7.5 times the sum of its code
    float query_norm_ = 0;  // squared
};

// Sketches say which neighbours of a vertex deserve a look at their 4-bit codes: those that may be nearer than the
// threshold, and of many, as long as a walk is far away or has little in view, about the `most` that seem nearest.
class SketchDistanceComputer : public NibbleDistances {
public:
    // `in_view`: how many vertices the walk goes on to or is to find.
    SketchDistanceComputer(const Index::State& state, codes::SketchTables& tables, std::size_t in_view,
                           std::size_t fetched_ahead = 0)
        : NibbleDistances(state, fetched_ahead), tables_(tables), most_(most_selected(in_view)) {}

    void set_query(const Scorer& scorer);
    std::size_t select_neighbors(graph::Step vertex, float threshold, graph::ItemId* ids) const noexcept;
    // And of those that are admitted also what may be nearer than `wider`.
    std::size_t select_neighbors(graph::Step vertex, float threshold, float wider, const Admission& admission,
                                 graph::ItemId* ids) const noexcept;

private:
    // A bit for each place of the vertex.
    using Places = std::array<std::uint64_t, opened::max_degree / codes::places_a_mask>;
    // Returns how many there are.
    std::size_t places_below(graph::Step vertex, float threshold, Places& places) const noexcept;
    void nearest_places(graph::Step vertex, float threshold, Places& places) const noexcept;
    // docs/algorithms/graph.md has the measurements behind this.
    static std::size_t most_selected(std::size_t in_view) noexcept { return std::max<std::size_t>(32, in_view / 3); }
    // Four bytes are read of each number: behind the last are scales.
    graph::ItemId sketched_neighbor(graph::ItemId vertex, std::size_t place) const noexcept {
        const opened::GraphView& graph = *state_.graph;
        const std::byte* at = graph.vertices.data() + vertex * graph.stride + graph.sketches->ids;
        graph::ItemId id;
        std::memcpy(&id, at + place * graph.id_bytes, sizeof id);
        return id & opened::no_neighbor(state_.description.count);
    }

    codes::SketchTables& tables_;
    std::size_t most_;
};

// All do.
class NibbleDistanceComputer : public NibbleDistances {
public:
    using NibbleDistances::NibbleDistances;

    std::size_t select_neighbors(graph::Step vertex, float, graph::ItemId* ids) const noexcept {
        return state_.graph->neighbors(vertex.item, state_.description.count, ids);
    }
    std::size_t select_neighbors(graph::Step vertex, float threshold, float, const Admission&,
                                 graph::ItemId* ids) const noexcept {
        return select_neighbors(vertex, threshold, ids);
    }
};

// All neighbours of a vertex deserve a look at their 8-bit codes.
class CodeDistanceComputer {
public:
    CodeDistanceComputer(const Index::State& state, Scorer& scorer) : state_(state), scorer_(scorer) {}

    void prefetch_vertex(graph::ItemId vertex, std::size_t) const noexcept { state_.graph->prefetch_vertex(vertex); }
    // Two steps before the kernels read it.
    void prefetch(graph::ItemId item) const noexcept {
        opened::prefetch_row(state_.graph->codes, state_.graph->code_stride, item);
    }
    std::size_t select_neighbors(graph::Step vertex, float, graph::ItemId* ids) const noexcept {
        return state_.graph->neighbors(vertex.item, state_.description.count, ids);
    }
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
