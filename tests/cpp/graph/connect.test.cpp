// The passes over a graph: edges the other way round, joined, refined.
#include "graph/connect.hpp"

#include <array>

#include "base/parallel.hpp"
#include "graph/connectivity.hpp"
#include "graph/sample.hpp"

using namespace nearfile;
using namespace nearfile::graph;
using namespace nearfile::graph::sample;

namespace {

constexpr std::array alphas = {1.05f, 1.1f};

std::size_t recalled(const Points& points, const Adjacency& graph) {
    std::size_t found = 0;
    for (ItemId item = 0; item < points.count(); ++item) {
        Candidate best = no_candidate;
        for (ItemId other = 0; other < points.count(); ++other) {
            if (other != item) best = std::min(best, candidate_of(points, item, other));
        }
        const auto neighbors = graph.neighbors(item);
        found += std::find(neighbors.begin(), neighbors.end(), item_of(best)) != neighbors.end() ? 1 : 0;
    }
    return found;
}

}  // namespace

TEST(adjacency_gives_back_what_was_set) {
    Adjacency graph(5, 4);
    CHECK(graph.neighbors(3).empty());
    graph.set(3, std::vector<ItemId>{0, 1, 2, 4});
    CHECK(vector_of(graph.neighbors(3)) == (std::vector<ItemId>{0, 1, 2, 4}));
    graph.set(3, std::vector<ItemId>{2});
    CHECK(vector_of(graph.neighbors(3)) == std::vector<ItemId>{2});
    CHECK(graph.neighbors(2).empty() && graph.neighbors(4).empty());
}

TEST(reversed_edges_are_the_edges) {
    base::Random random(1);
    const Adjacency graph = random_graph(300, 8, 0, 8, random);
    for (const unsigned threads : {1u, 2u, 3u, 100u}) {
        const Reversed reversed(graph, threads);
        for (ItemId item = 0; item < 300; ++item) {
            std::vector<ItemId> expected;
            for (ItemId other = 0; other < 300; ++other) {
                const auto neighbors = graph.neighbors(other);
                if (std::find(neighbors.begin(), neighbors.end(), item) != neighbors.end()) expected.push_back(other);
            }
            CHECK(vector_of(reversed.sources(item)) == expected);
        }
    }
    CHECK(Reversed(Adjacency(1, 4), 4).sources(0).empty());
}

TEST(adjacency_takes_the_last_place_where_none_is_free) {
    Adjacency graph(2, 2);
    for (const ItemId each : {7u, 8u, 9u}) {
        CHECK(graph.has_place(1) == (each != 9));
        graph.add(1, each);
    }
    CHECK(vector_of(graph.neighbors(1)) == (std::vector<ItemId>{7, 9}));
    CHECK(graph.neighbors(0).empty() && graph.has_place(0));
}

TEST(joining_takes_all_where_there_is_room_and_prunes_where_there_is_not) {
    base::Random random(2);
    const Points points(200, 3, 1000, 2);
    for (const std::uint32_t degree : {4u, 12u, 64u}) {
        const Adjacency from = random_graph(200, degree, 1, std::min(degree, 12u), random);
        const Reversed reversed(from);
        Adjacency joined(200, degree);
        ReverseJoiner joiner(points, from, reversed, alphas);
        std::size_t pruned = 0;
        for (ItemId item = 0; item < 200; ++item) {
            joiner.join(item, joined);
            auto all = vector_of(from.neighbors(item));
            const auto sources = reversed.sources(item);
            all.insert(all.end(), sources.begin(), sources.end());
            all = sorted(all);
            all.erase(std::unique(all.begin(), all.end()), all.end());
            if (all.size() <= degree) {
                CHECK(sorted(joined.neighbors(item)) == all);
                continue;
            }
            ++pruned;
            std::vector<Candidate> candidates;
            for (const ItemId each : all) candidates.push_back(candidate_of(points, item, each));
            std::sort(candidates.begin(), candidates.end());
            candidates.resize(std::min<std::size_t>(candidates.size(), 4 * degree));
            CHECK(vector_of(joined.neighbors(item)) == naive_keep(points, candidates, degree, alphas));
        }
        CHECK(sound(joined));
        CHECK((pruned > 0) == (degree < 64));
    }
}

TEST(refining_finds_nearer_neighbors_and_gives_the_same_on_any_number_of_threads) {
    base::Random random(3);
    const Points points(400, 2, 1000, 3);
    const Adjacency from = random_graph(400, 10, 10, 10, random);
    std::vector<Adjacency> refined;
    for (const unsigned threads : {1u, 2u, 5u}) {
        Adjacency to(400, 10);
        base::parallel_for(8, threads, [&](std::size_t task) {
            Refiner refiner(points, from, alphas, 32, 30);
            for (ItemId item = static_cast<ItemId>(task) * 50; item < (task + 1) * 50; ++item) refiner.refine(item, to);
        });
        CHECK(sound(to));
        refined.push_back(std::move(to));
    }
    CHECK(same(refined[0], refined[1]) && same(refined[0], refined[2]));
    CHECK(recalled(points, refined[0]) > 2 * recalled(points, from));
}

TEST(refining_with_walks_that_see_everything_keeps_the_nearest) {
    base::Random random(4);
    const Points points(120, 2, 1u << 11, 4);
    Adjacency from = random_graph(120, 10, 6, 10, random);
    ensure_reachable(from);
    Adjacency to(120, 10);
    Refiner refiner(points, from, std::array{1.0f}, 120, 120);
    for (ItemId item = 0; item < 120; ++item) refiner.refine(item, to);
    // Out of what is reachable from an item, which is nearly everything in a random graph.
    CHECK(recalled(points, to) >= 118);
}
