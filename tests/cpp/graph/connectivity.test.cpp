// Every vertex is reached in the end, whatever the graph was.
#include "graph/connectivity.hpp"

#include "graph/sample.hpp"

using namespace nearfile;
using namespace nearfile::graph;
using namespace nearfile::graph::sample;

namespace {

std::vector<bool> reached_from_first(const Adjacency& graph) {
    std::vector<bool> reached(graph.count());
    std::vector<ItemId> stack;
    if (graph.count() > 0) stack.push_back(0), reached[0] = true;
    while (!stack.empty()) {
        const ItemId at = stack.back();
        stack.pop_back();
        for (const ItemId each : graph.neighbors(at)) {
            if (!reached[each]) stack.push_back(each), reached[each] = true;
        }
    }
    return reached;
}

bool all_reached(const Adjacency& graph) {
    const auto reached = reached_from_first(graph);
    return std::find(reached.begin(), reached.end(), false) == reached.end();
}

}  // namespace

TEST(ensure_reachable_leads_to_everything) {
    base::Random random(5);
    for (const std::uint32_t degree : {1u, 2u, 3u, 16u}) {
        for (const std::uint32_t count : {1u, 2u, 3u, 10u, 200u, 1500u}) {
            const std::uint32_t most = std::min(degree, count - 1);
            for (int repeat = 0; repeat < 10; ++repeat) {
                Adjacency sparse = random_graph(count, degree, 0, most, random);
                Adjacency full = random_graph(count, degree, most, most, random);
                for (Adjacency* graph : {&sparse, &full}) {
                    const Adjacency before = *graph;
                    const bool whole = all_reached(before);
                    CHECK((ensure_reachable(*graph) == 0) == whole);
                    CHECK(all_reached(*graph));
                    CHECK(sound(*graph));
                    CHECK(!whole || same(before, *graph));
                }
            }
        }
    }
}

TEST(ensure_reachable_of_islands_circles_and_stars) {
    for (const std::uint32_t degree : {1u, 2u, 8u}) {
        Adjacency alone(100, degree);
        ensure_reachable(alone);
        CHECK(all_reached(alone) && sound(alone));
        Adjacency star(100, degree);  // all point at the first, which points at none
        Adjacency circles(100, degree);
        Adjacency backwards(100, degree);
        for (ItemId item = 0; item < 100; ++item) {
            if (item > 0) star.set(item, std::vector<ItemId>{0});
            circles.set(item, std::vector<ItemId>{item % 10 == 9 ? item - 9 : item + 1});
            if (item > 0) backwards.set(item, std::vector<ItemId>{item - 1});
        }
        for (Adjacency* graph : {&star, &circles, &backwards}) {
            ensure_reachable(*graph);
            CHECK(all_reached(*graph) && sound(*graph));
        }
    }
    Adjacency none(0, 4);
    CHECK(ensure_reachable(none) == 0);
}
