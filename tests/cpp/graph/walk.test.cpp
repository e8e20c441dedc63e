// A walk with exact distances is a best-first search.
#include "graph/walk.hpp"

#include <optional>
#include <set>

#include "graph/connectivity.hpp"
#include "graph/sample.hpp"

using namespace nearfile;
using namespace nearfile::graph;
using namespace nearfile::graph::sample;

namespace {

struct Exact {
    const Points& points;
    const Adjacency& graph;
    ItemId query;
    std::size_t measured = 0;

    void prefetch_vertex(ItemId, std::size_t) const {}
    void prefetch(ItemId) const {}
    std::size_t select_neighbors(Step vertex, float, ItemId* ids) const {
        const auto neighbors = graph.neighbors(vertex.item);
        std::copy(neighbors.begin(), neighbors.end(), ids);
        return neighbors.size();
    }
    void distances(std::span<const ItemId> ids, float* out) {
        measured += ids.size();
        points.from(query, ids, out);
    }
};

// The `kept` best visited, nearest first, going on to the `width` best, two steps ahead of what is known. Distances
// must be distinct.
std::vector<Candidate> naive_walk(const Exact& exact, std::span<const ItemId> entry_points, std::size_t width,
                                  std::size_t kept, const Limit& limit = {}) {
    std::set<Candidate> best;
    std::set<ItemId> visited;
    std::set<Candidate> expanded;
    const auto measure = [&](const std::vector<ItemId>& items) {
        for (const ItemId item : items) best.insert(candidate_of(exact.points, exact.query, item));
        while (best.size() > kept) best.erase(std::prev(best.end()));
    };
    const auto fresh = [&](std::span<const ItemId> items) {
        std::vector<ItemId> result;
        for (const ItemId item : items) {
            if (visited.insert(item).second) result.push_back(item);
        }
        return result;
    };
    // The nearest in view that was not chosen before.
    const auto choose = [&]() -> std::optional<ItemId> {
        std::size_t seen = 0;
        for (const Candidate each : best) {
            if (seen == width) break;
            if (seen++ >= limit.beyond && !(distance_of(each) < limit.distance)) break;
            if (expanded.insert(each).second) return item_of(each);
        }
        return {};
    };
    measure(fresh(entry_points));
    std::vector<ItemId> before;
    for (auto vertex = choose(); vertex;) {
        auto next = choose();
        auto now = fresh(exact.graph.neighbors(*vertex));
        measure(before);
        before = std::move(now);
        if (!next) next = choose();
        if (!next) {
            measure(before);
            before.clear();
            next = choose();
        }
        vertex = next;
    }
    return {best.begin(), best.end()};
}

}  // namespace

TEST(walk_with_exact_distances_is_a_best_first_search) {
    base::Random random(1);
    const Points points(600, 4, 1u << 11, 1);
    WalkScratch scratch;  // one for all, as a search reuses it
    for (const std::uint32_t degree : {1u, 3u, 12u}) {
        const Adjacency graph = random_graph(600, degree, 1, degree, random);
        for (const std::size_t width : {1u, 2u, 10u, 100u, 1000u}) {
            for (ItemId query = 0; query < 600; query += 41) {
                std::vector<ItemId> entry_points;
                for (std::uint32_t left = 1 + random.below(20); left > 0; --left)
                    entry_points.push_back(random.below(600));
                for (const std::size_t kept : {width, width + 7}) {
                    Exact exact{points, graph, query};
                    walk(exact, entry_points, {}, width, kept, degree, scratch);
                    const auto expected = naive_walk(exact, entry_points, width, kept);
                    CHECK(scratch.frontier.size() == expected.size());
                    for (std::size_t i = 0; i < std::min(expected.size(), scratch.frontier.size()); ++i) {
                        CHECK(scratch.frontier[i].distance == distance_of(expected[i]));
                    }
                }
            }
        }
    }
}

TEST(walk_measures_every_vertex_once_at_most_and_all_of_them_where_the_view_is_wide_enough) {
    base::Random random(2);
    const Points points(500, 3, 1000, 2);
    Adjacency graph = random_graph(500, 4, 2, 4, random);
    ensure_reachable(graph);
    WalkScratch scratch;
    for (const ItemId query : {0u, 7u, 499u}) {
        Exact exact{points, graph, query};
        walk(exact, std::vector<ItemId>{0, 0, 0}, {}, 500, 500, 4, scratch);
        CHECK(exact.measured == 500);
        CHECK(scratch.frontier.size() == 500);
        CHECK(scratch.frontier[0].distance == 0);
    }
}

TEST(walk_without_seeds_meets_nothing) {
    const Points points(10, 2, 100, 1);
    const Adjacency graph(10, 2);
    Exact exact{points, graph, 0};
    WalkScratch scratch;
    walk(exact, {}, {}, 5, 5, 2, scratch);
    CHECK(scratch.frontier.size() == 0 && exact.measured == 0);
}

TEST(walk_never_visits_what_it_is_to_go_without) {
    base::Random random(3);
    const Points points(500, 3, 1000, 3);
    Adjacency graph = random_graph(500, 6, 3, 6, random);
    ensure_reachable(graph);
    WalkScratch scratch;
    for (const ItemId query : {1u, 250u, 499u}) {
        Exact exact{points, graph, query};
        walk(exact, std::vector<ItemId>{0, query}, std::vector<ItemId>{query}, 500, 500, 6, scratch);
        CHECK(scratch.frontier.size() > 0 && scratch.frontier.size() < 500);
        for (std::size_t i = 0; i < scratch.frontier.size(); ++i) CHECK(scratch.frontier[i].item != query);
    }
}

TEST(walk_with_a_limit_goes_on_beyond_it_to_few) {
    base::Random random(3);
    const Points points(600, 4, 1u << 11, 1);
    const Adjacency graph = random_graph(600, 12, 1, 12, random);
    WalkScratch scratch;
    std::size_t fewer = 0;
    for (ItemId query = 0; query < 600; query += 41) {
        const std::vector<ItemId> entry_points = {random.below(600), random.below(600)};
        Exact free{points, graph, query};
        walk(free, entry_points, {}, 100, 100, 12, scratch);
        for (const float distance : {scratch.frontier[0].distance, scratch.frontier[20].distance, 1e30f}) {
            for (const std::size_t beyond : {1u, 3u, 40u}) {
                const Limit limit{distance, beyond};
                Exact limited{points, graph, query};
                walk(limited, entry_points, {}, 100, 100, 12, scratch, limit);
                const auto expected = naive_walk(limited, entry_points, 100, 100, limit);
                CHECK(scratch.frontier.size() == expected.size());
                for (std::size_t i = 0; i < std::min(expected.size(), scratch.frontier.size()); ++i) {
                    CHECK(scratch.frontier[i].distance == distance_of(expected[i]));
                }
                CHECK(limited.measured <= free.measured);
                fewer += limited.measured < free.measured ? 1 : 0;
            }
        }
    }
    CHECK(fewer > 45);
}
