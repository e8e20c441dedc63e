// The nearest items of queries: by looking at all, by walking, and the queries that are made up.
#include "graph/query_lists.hpp"

#include <algorithm>
#include <set>

#include "check.hpp"
#include "graph/planar.hpp"

using namespace nearfile::graph;
using namespace nearfile::graph::sample;
using nearfile::base::Random;

namespace {

std::vector<ItemId> nearest(const QueryDistances& distances, std::uint32_t query, std::size_t most) {
    std::vector<ItemId> ids(distances.count());
    for (ItemId id = 0; id < ids.size(); ++id) ids[id] = id;
    std::vector<float> far(ids.size());
    distances.from(query, ids, far.data());
    std::sort(ids.begin(), ids.end(),
              [&](ItemId a, ItemId b) { return far[a] < far[b] || (far[a] == far[b] && a < b); });
    ids.resize(std::min(most, ids.size()));
    return ids;
}

std::vector<ItemId> taken(std::span<const ItemId> list) {
    return {list.begin(), std::find(list.begin(), list.end(), no_item)};
}

}  // namespace

TEST(scanned_lists_are_the_nearest_in_order) {
    Random random(1);
    for (const std::size_t count : {1, 5, 48, 49, 511, 512, 513, 3000}) {
        const auto items = points(count, random);
        const auto queries = points(40, random);
        const Products distances(queries, items);
        QueryLists lists(40, 48);
        ListScanner scanner(distances);
        scanner.scan(0, 17, lists);
        scanner.scan(17, 40, lists);
        for (std::uint32_t query = 0; query < 40; ++query) {
            CHECK(taken(lists.list(query)) == nearest(distances, query, 48));
        }
    }
}

TEST(scanned_lists_of_equally_near_items_go_by_number) {
    const std::vector<Point> items(2000, Point{1, 1});
    const std::vector<Point> queries = {{1, 0}, {-1, 0}};
    const Products distances(queries, items);
    QueryLists lists(2, 10);
    ListScanner(distances).scan(0, 2, lists);
    for (std::uint32_t query = 0; query < 2; ++query) CHECK(taken(lists.list(query)) == nearest(distances, query, 10));
}

TEST(walked_lists_are_the_nearest_of_what_is_reached) {
    Random random(2);
    const auto items = points(200, random);
    const auto queries = points(10, random);
    const Products distances(queries, items);
    const Adjacency graph = ring(200, 4, 2);
    QueryLists lists(10, 20);
    const std::vector<ItemId> entry_points = {3, 3, 77};
    ListWalker wide(distances, graph, 200);
    for (std::uint32_t query = 0; query < 10; ++query) {
        wide.walk(query, entry_points, lists);
        CHECK(taken(lists.list(query)) == nearest(distances, query, 20));
    }
    const Adjacency without_edges(200, 4);
    ListWalker still(distances, without_edges, 50);
    still.walk(0, entry_points, lists);
    CHECK(taken(lists.list(0)).size() == 2);
}

TEST(a_walk_narrower_than_its_list_fills_the_list) {
    Random random(3);
    const auto items = points(100, random);
    const auto queries = points(1, random);
    const Products distances(queries, items);
    const Adjacency graph = ring(100, 4, 4);
    QueryLists lists(1, 30);
    ListWalker walker(distances, graph, 8);
    walker.walk(0, std::vector<ItemId>{0}, lists);
    CHECK(taken(lists.list(0)).size() == 30);
}

TEST(parts_are_an_item_and_neighbours_of_it) {
    const Adjacency graph = ring(50, 8, 3);
    std::vector<ItemId> parts;
    std::vector<ItemId> again;
    std::set<ItemId> firsts;
    for (std::uint32_t query = 0; query < 400; ++query) {
        choose_parts(graph, 7, query, parts);
        choose_parts(graph, 7, query, again);
        CHECK(parts == again);
        CHECK(parts.size() == std::size_t{1} << query % 4);
        for (const ItemId part : parts) CHECK((part + 50 - parts[0]) % 50 <= 3);
        firsts.insert(parts[0]);
    }
    CHECK(firsts.size() == 50);
}

TEST(mixed_parts_are_of_one_neighbourhood_but_for_two) {
    const Adjacency graph = ring(50, 8, 3);
    std::vector<ItemId> parts;
    std::set<ItemId> far;
    for (std::uint32_t query = 0; query < 400; ++query) {
        choose_mixed_parts(graph, 7, query, parts);
        CHECK(parts.size() == 8);
        for (std::size_t i = 0; i < 6; ++i) CHECK((parts[i] + 50 - parts[0]) % 50 <= 3);
        far.insert(parts.begin() + 6, parts.end());
    }
    CHECK(far.size() == 50);
    choose_mixed_parts(Adjacency(0, 4), 7, 3, parts);
    CHECK(parts.empty());
}

TEST(parts_of_a_graph_without_edges_or_items) {
    std::vector<ItemId> parts;
    choose_parts(Adjacency(3, 4), 7, 3, parts);
    CHECK(parts.size() == 1 && parts[0] < 3);
    choose_parts(Adjacency(0, 4), 7, 3, parts);
    CHECK(parts.empty());
}
