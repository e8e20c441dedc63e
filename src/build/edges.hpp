// From items to the neighbours of each: trees for candidates, pruning, reverse edges, one pass of walks.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <span>

#include "build/encode.hpp"
#include "build/given_candidates.hpp"
#include "build/refining.hpp"
#include "forest/grow.hpp"
#include "graph/adjacency.hpp"
#include "graph/connect.hpp"
#include "graph/distances.hpp"
#include "nearfile/types.hpp"

namespace nearfile::build {

inline constexpr std::array usual_alphas = {1.05f, 1.1f, 1.15f};  // docs/algorithms/graph.md

struct EdgePlan {
    std::uint32_t degree;
    std::uint32_t n_trees;
    std::uint64_t seed;
    unsigned threads;
    std::span<const float> alphas;        // of pruning
    std::size_t seen = 0;                 // dimensions that searches will see
    Profile profile = Profile::balanced;  // how much it may take
};

// Of passes that take each item by itself.
inline constexpr std::uint32_t items_a_task = 1024;

// One tree of the items.
template <class SplitType>
using GrowOne = std::function<forest::Tree<SplitType>(const forest::GrowOptions&, const std::atomic<bool>& stop)>;

// The steps of near_edges(), for who takes them by themselves (build/external/). First, candidates of trees, pruned, of
// the first `own` items; the others are candidates of these, and have no neighbours.
struct FirstEdges {
    graph::Adjacency graph;
    GivenTo given;
};
template <class SplitType>
FirstEdges first_edges(const graph::Distances& distances, std::uint32_t own, const GrowOne<SplitType>& grow_one,
                       const EdgePlan& plan, const StageWatch& watch, const Give& give = {});

struct ItemRange {
    std::uint32_t begin;
    std::uint32_t end;
};
// Is told of items whose neighbours nobody will read again.
using DoneWith = std::function<void(std::uint32_t begin, std::uint32_t end)>;
// Neighbours of some items in `from` and those that point at them.
void join(const graph::Distances& distances, const graph::Adjacency& from, const graph::Reversed& reversed,
          const ItemRange& some, const EdgePlan& plan, const StageWatch& watch, graph::Adjacency& to,
          const DoneWith& done = {});
// New neighbours of some items, from walks over `from`.
void refine(const graph::Distances& distances, const graph::Adjacency& from, const Refining& refining,
            const ItemRange& some, const GivenTo& given, const EdgePlan& plan, const StageWatch& watch,
            graph::Adjacency& to);

// Edges between items that are near each other. Trees are for items that lack candidates of `give`.
template <class SplitType>
graph::Adjacency near_edges(const graph::Distances& distances, const GrowOne<SplitType>& grow_one, const EdgePlan& plan,
                            const StageWatch& watch, const Give& give = {});

// The same graph with places for fewer neighbours, pruned to these.
graph::Adjacency pruned_to(std::uint32_t degree, const graph::Adjacency& graph, const graph::Distances& distances,
                           const EdgePlan& plan, const StageWatch& watch, const DoneWith& done = {});

// Places that few items have neighbours for are not worth their bytes: the same graph of a lower degree, or itself.
// `of_queries`: whether it has edges that queries asked for.
graph::Adjacency without_empty_places(graph::Adjacency graph, bool of_queries, const graph::Distances& distances,
                                      const EdgePlan& plan, const StageWatch& watch);

}  // namespace nearfile::build
