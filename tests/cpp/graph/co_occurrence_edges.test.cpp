// Edges from the lists of queries: between items that share one, without losing the graph there was.
#include "graph/co_occurrence_edges.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/parallel.hpp"
#include "check.hpp"
#include "graph/planar.hpp"

using namespace nearfile::graph;
using namespace nearfile::graph::sample;
using nearfile::base::Random;

namespace {

void set_list(QueryLists& lists, std::uint32_t query, std::initializer_list<ItemId> items) {
    std::copy(items.begin(), items.end(), lists.list(query).begin());
}

bool has(std::span<const ItemId> some, ItemId item) {
    return std::find(some.begin(), some.end(), item) != some.end();
}

// Random lists of random items.
QueryLists random_lists(std::uint32_t queries, std::uint32_t length, std::uint32_t count, Random& random) {
    QueryLists lists(queries, length);
    for (std::uint32_t query = 0; query < queries; ++query) {
        std::set<ItemId> items;
        while (items.size() < std::min(length, count)) items.insert(random.below(count));
        std::copy(items.begin(), items.end(), lists.list(query).begin());
    }
    return lists;
}

Adjacency join_all(const Distances& distances, const QueryLists& lists, const Adjacency& from, std::uint32_t degree,
                   unsigned threads) {
    const InvertedLists inverted(lists, from.count());
    Adjacency to(from.count(), degree);
    nearfile::base::parallel_for((from.count() + 9) / 10, threads, [&](std::size_t task) {
        QueryJoiner joiner(distances, lists, inverted, std::array{1.1f});
        const auto begin = static_cast<ItemId>(task * 10);
        for (ItemId item = begin; item < std::min(from.count(), begin + 10); ++item) joiner.join(item, from, to);
    });
    return to;
}

bool same(const Adjacency& a, const Adjacency& b) {
    for (ItemId item = 0; item < a.count(); ++item) {
        if (!std::ranges::equal(a.neighbors(item), b.neighbors(item))) return false;
    }
    return true;
}

}  // namespace

TEST(sharing_is_the_lists_the_other_way_round) {
    QueryLists lists(3, 4);
    set_list(lists, 0, {5, 2});
    set_list(lists, 2, {2, 0, 5, 1});
    const InvertedLists inverted(lists, 6);
    CHECK(std::ranges::equal(inverted.lists_of(2), std::vector<std::uint32_t>{0, 2}));
    CHECK(std::ranges::equal(inverted.lists_of(0), std::vector<std::uint32_t>{2}));
    CHECK(inverted.lists_of(3).empty());
}

TEST(items_that_share_a_list_become_neighbours_however_far_they_are) {
    const std::vector<Point> items = {{0, 0}, {0, 1}, {100, 0}, {0, 2}, {1, 0}};
    const Between distances(items);
    QueryLists lists(2, 3);
    set_list(lists, 0, {0, 2});
    const auto joined = join_all(distances, lists, ring(5, 3, 1), 3, 1);
    CHECK(joined.neighbors(0)[0] == 2);
    CHECK(joined.neighbors(2)[0] == 0);
    // What was there stays, after those.
    CHECK(has(joined.neighbors(0), 1) && has(joined.neighbors(2), 3));
    CHECK(std::ranges::equal(joined.neighbors(1), std::vector<ItemId>{2}));
}

TEST(the_most_often_shared_have_places_even_where_others_occlude_them) {
    // 2 lies behind 1, as seen from 0, and shares more lists with 0.
    const std::vector<Point> items = {{0, 0}, {1, 0}, {2, 0}, {0, 1}};
    const Between distances(items);
    QueryLists lists(3, 3);
    set_list(lists, 0, {0, 1, 2});
    set_list(lists, 1, {0, 2});
    const auto joined = join_all(distances, lists, Adjacency(4, 6), 6, 1);
    CHECK(std::ranges::equal(joined.neighbors(0), std::vector<ItemId>{1, 2}));
    const auto pruned = join_all(distances, lists, Adjacency(4, 5), 5, 1);  // no place for those
    CHECK(std::ranges::equal(pruned.neighbors(0), std::vector<ItemId>{1}));
}

TEST(neighbours_are_others_without_repetition_and_no_more_than_the_degree) {
    Random random(1);
    for (const std::uint32_t count : {2u, 3u, 60u, 500u}) {
        const auto items = points(count, random);
        const Between distances(items);
        // Item 0 is in every list, more often than is read.
        auto lists = random_lists(300, 20, count, random);
        for (std::uint32_t query = 0; query < 300; ++query) {
            if (!has(lists.list(query), 0)) lists.list(query)[0] = 0;
        }
        const auto joined = join_all(distances, lists, ring(count, 16, std::min(count - 1, 8u)), 16, 1);
        for (ItemId item = 0; item < count; ++item) {
            const auto neighbors = joined.neighbors(item);
            const std::set<ItemId> distinct(neighbors.begin(), neighbors.end());
            CHECK(!neighbors.empty() && neighbors.size() <= 16);
            CHECK(distinct.size() == neighbors.size() && !distinct.contains(item));
        }
    }
}

TEST(without_lists_the_graph_stays_as_it_was) {
    Random random(2);
    const auto items = points(30, random);
    const Between distances(items);
    const auto before = ring(30, 8, 5);
    CHECK(same(join_all(distances, QueryLists(0, 48), before, 8, 1), before));
    CHECK(same(join_all(distances, QueryLists(7, 48), before, 8, 1), before));
}

TEST(co_occurrence_edges_are_the_same_on_any_number_of_threads) {
    Random random(3);
    const auto items = points(400, random);
    const Between distances(items);
    const auto lists = random_lists(500, 30, 400, random);
    const auto before = ring(400, 24, 10);
    CHECK(same(join_all(distances, lists, before, 24, 1), join_all(distances, lists, before, 24, 3)));
}

TEST(room_is_filled_with_those_that_point_at_an_item) {
    Adjacency graph(5, 3);
    graph.set(0, std::vector<ItemId>{1, 2});
    graph.set(1, std::vector<ItemId>{0});
    graph.set(3, std::vector<ItemId>{0, 1});
    graph.set(4, std::vector<ItemId>{0});
    const Reversed reversed(graph);
    Adjacency filled(5, 3);
    RoomFiller filler(graph, reversed);
    for (ItemId item = 0; item < 5; ++item) filler.fill(item, filled);
    CHECK(std::ranges::equal(filled.neighbors(0), std::vector<ItemId>{1, 2, 3}));  // 4 has no room
    CHECK(std::ranges::equal(filled.neighbors(1), std::vector<ItemId>{0, 3}));
    CHECK(std::ranges::equal(filled.neighbors(2), std::vector<ItemId>{0}));
    CHECK(std::ranges::equal(filled.neighbors(4), std::vector<ItemId>{0}));
}
