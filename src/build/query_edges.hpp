// Edges between items that share a query's list of nearest items, over those of a graph of near items.
#pragma once

#include <functional>
#include <vector>

#include "build/edges.hpp"
#include "graph/adjacency.hpp"
#include "graph/query_lists.hpp"

namespace nearfile::build {

struct EdgeQueries {
    const graph::QueryDistances& distances;
    std::uint32_t count;
    // Where a walk for a query begins.
    std::function<void(std::uint32_t query, std::vector<graph::ItemId>& entry_points)> entry_points;
};

graph::Adjacency with_query_edges(const graph::Adjacency& near, const graph::Distances& distances,
                                  const EdgeQueries& queries, const EdgePlan& plan, const StageWatch& watch);

// Real queries come as a sample: most of it makes edges, some is held out for the calibration where
// there are enough.
struct QuerySample {
    explicit QuerySample(std::uint32_t count);
    std::vector<std::uint32_t> of_edges;
    std::vector<std::uint32_t> held_out;
};

}  // namespace nearfile::build
