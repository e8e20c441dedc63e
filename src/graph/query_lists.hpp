// For each of many queries the items nearest to it: what the edges of queries are made of (co_occurrence_edges.hpp). By
// looking at all items where they are few, by walks on the graph there is where they are many.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "graph/adjacency.hpp"
#include "graph/frontier.hpp"
#include "graph/visited.hpp"

namespace nearfile::graph {

class QueryLists {
public:
    QueryLists(std::uint32_t queries, std::uint32_t length)
        : queries_(queries), length_(length), items_(static_cast<std::size_t>(queries) * length, no_item) {}

    std::uint32_t queries() const noexcept { return queries_; }
    std::uint32_t length() const noexcept { return length_; }

    // Nearest first, then no_item.
    std::span<ItemId> list(std::uint32_t query) noexcept {
        return std::span(items_).subspan(static_cast<std::size_t>(query) * length_, length_);
    }
    std::span<const ItemId> list(std::uint32_t query) const noexcept {
        return std::span(items_).subspan(static_cast<std::size_t>(query) * length_, length_);
    }

private:
    std::uint32_t queries_;
    std::uint32_t length_;
    std::vector<ItemId> items_;
};

// How far queries are from items; for inner products the negative product. Implemented in build/. Called from many
// threads.
class QueryDistances {
public:
    virtual ~QueryDistances() = default;
    virtual std::uint32_t count() const noexcept = 0;  // of items
    virtual void from(std::uint32_t query, std::span<const ItemId> to, float* out) const = 0;
};

// Looks at every item: exact, at queries times items.
class ListScanner {
public:
    explicit ListScanner(const QueryDistances& distances) : distances_(distances) {}

    // The lists of queries first, first + 1, ... last - 1; some dozens at a time, because a stretch of items is read
    // once for all of them.
    void scan(std::uint32_t first, std::uint32_t last, QueryLists& lists);

private:
    using Scored = std::pair<float, ItemId>;
    struct Best {
        std::vector<Scored> some;
        float threshold;
    };
    static void cut(Best& best, std::size_t most);

    const QueryDistances& distances_;
    std::vector<Best> best_;
    std::vector<ItemId> ids_;
    std::vector<float> distances_to_;
};

// Walks on a graph, `width` vertices in view.
class ListWalker {
public:
    ListWalker(const QueryDistances& distances, const Adjacency& graph, std::uint32_t width)
        : distances_(distances), graph_(graph), width_(width) {}

    // `entry_points`: for a query made of items, those.
    void walk(std::uint32_t query, std::span<const ItemId> entry_points, QueryLists& lists);

private:
    void visit(std::uint32_t query, std::span<const ItemId> some);

    const QueryDistances& distances_;
    const Adjacency& graph_;
    std::uint32_t width_;
    Frontier frontier_;
    Visited visited_;
    std::vector<ItemId> fresh_;
    std::vector<float> distances_to_;
};

// The items whose sum is query `query` of those that are made up: one at random and some of its neighbours, 1, 2, 4 or
// 8 in all, in turn, because users with one interest and with many ask for different items. An item may be there twice.
// Nothing where there are no items.
void choose_parts(const Adjacency& graph, std::uint64_t seed, std::uint32_t query, std::vector<ItemId>& parts);

// Of queries that are as hard to answer as real ones: six of one neighbourhood and two from anywhere.
void choose_mixed_parts(const Adjacency& graph, std::uint64_t seed, std::uint32_t query, std::vector<ItemId>& parts);

}  // namespace nearfile::graph
