#include "build/query_edges.hpp"

#include <algorithm>

#include "build/stages.hpp"
#include "graph/co_occurrence_edges.hpp"

namespace nearfile::build {
namespace {

// docs/algorithms/inner-products.md has the measurements behind these.
constexpr std::uint32_t list_length = 48;
constexpr std::uint32_t first_width = 64;
constexpr std::uint32_t second_width = 96;
constexpr std::uint32_t first_share = 4;  // one query in so many

// Queries times items: walks take less time from here on.
constexpr std::uint64_t most_looked_at = std::uint64_t{1} << 30;

constexpr std::uint32_t queries_scanned_a_task = 32;
constexpr std::uint32_t queries_walked_a_task = 256;

constexpr std::uint32_t most_held_out = 512;
constexpr std::uint32_t held_out_share = 4;    // one in so many at most
constexpr std::uint32_t least_held_out = 100;  // fewer say little

graph::QueryLists scanned(const EdgeQueries& queries, const EdgePlan& plan, const StageWatch& watch) {
    graph::QueryLists lists(queries.count, list_length);
    run_blocks(
        "queries", queries.count, plan.threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            graph::ListScanner(queries.distances).scan(begin, end, lists);
        },
        watch, queries_scanned_a_task);
    return lists;
}

graph::QueryLists walked(const EdgeQueries& queries, std::uint32_t count, const graph::Adjacency& graph,
                         std::uint32_t width, const EdgePlan& plan, const StageWatch& watch) {
    graph::QueryLists lists(count, list_length);
    run_blocks(
        "queries", count, plan.threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            graph::ListWalker walker(queries.distances, graph, width);
            std::vector<graph::ItemId> entry_points;
            for (std::uint32_t query = begin; query < end; ++query) {
                entry_points.clear();
                queries.entry_points(query, entry_points);
                walker.walk(query, entry_points, lists);
            }
        },
        watch, queries_walked_a_task);
    return lists;
}

graph::Adjacency joined(const graph::Adjacency& near, const graph::Distances& distances, const graph::QueryLists& lists,
                        const EdgePlan& plan, const StageWatch& watch) {
    const graph::InvertedLists inverted(lists, near.count());
    graph::Adjacency own(near.count(), near.degree());
    run_blocks(
        "joining", near.count(), plan.threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            graph::QueryJoiner joiner(distances, lists, inverted, plan.alphas);
            for (std::uint32_t item = begin; item < end; ++item) joiner.join(item, near, own);
        },
        watch, items_a_task);
    const graph::Reversed reversed(own, plan.threads);
    graph::Adjacency full(near.count(), near.degree());
    run_blocks(
        "joining", near.count(), plan.threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            graph::RoomFiller filler(own, reversed);
            for (std::uint32_t item = begin; item < end; ++item) filler.fill(item, full);
        },
        watch, items_a_task);
    return full;
}

}  // namespace

graph::Adjacency with_query_edges(const graph::Adjacency& near, const graph::Distances& distances,
                                  const EdgeQueries& queries, const EdgePlan& plan, const StageWatch& watch) {
    if (std::uint64_t{queries.count} * near.count() <= most_looked_at) {
        return joined(near, distances, scanned(queries, plan, watch), plan, watch);
    }
    // Near items alone lead few queries to their answers; with the edges of some queries the graph leads the others.
    const std::uint32_t first = queries.count / first_share;
    const graph::Adjacency led =
        joined(near, distances, walked(queries, first, near, first_width, plan, watch), plan, watch);
    return joined(near, distances, walked(queries, queries.count, led, second_width, plan, watch), plan, watch);
}

QuerySample::QuerySample(std::uint32_t count) {
    const std::uint32_t some = count / held_out_share;
    const std::uint64_t n_held_out = some < least_held_out ? 0 : std::min(most_held_out, some);
    for (std::uint64_t i = 0; i < count; ++i) {
        const bool held = (i + 1) * n_held_out / count > i * n_held_out / count;
        (held ? held_out : of_edges).push_back(static_cast<std::uint32_t>(i));
    }
}

}  // namespace nearfile::build
