// Edges that queries call for. Where queries are unlike the items, the items that answer one query need not be near
// each other, and a graph of near items leads from none to the next. Items that share a query's list of nearest items
// get edges here, whatever lies between them (as in RoarGraph, Chen et al. 2024, in which queries join what they find
// too).
//
// Each pass reads one graph and writes another, item by item: no locks, and the same graph on any number of threads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/adjacency.hpp"
#include "graph/candidate.hpp"
#include "graph/connect.hpp"
#include "graph/prune.hpp"
#include "graph/query_lists.hpp"

namespace nearfile::graph {

// The lists the other way round: which of them an item is in.
class InvertedLists {
public:
    InvertedLists(const QueryLists& lists, std::uint32_t count);

    // Numbers of queries, ascending.
    std::span<const std::uint32_t> lists_of(ItemId item) const noexcept {
        return std::span(queries_).subspan(starts_[item], starts_[item + 1] - starts_[item]);
    }

private:
    std::vector<std::uint64_t> starts_;
    std::vector<std::uint32_t> queries_;
};

// Gives an item neighbours from the lists it is in, and fills up with those it has.
class QueryJoiner {
public:
    QueryJoiner(const Distances& distances, const QueryLists& lists, const InvertedLists& inverted,
                std::span<const float> alphas);
    void join(ItemId item, const Adjacency& from, Adjacency& to);

private:
    void count_shared(ItemId item);
    void take(ItemId item, std::size_t degree);

    // A hash table: an item, and how many of the lists that are read it is in.
    struct Place {
        ItemId item;
        std::uint32_t times;
    };

    const Distances& distances_;
    const QueryLists& lists_;
    const InvertedLists& inverted_;
    Pruner pruner_;
    std::vector<Place> table_;
    std::vector<std::uint32_t> taken_;  // places of the table
    std::vector<Candidate> shared_;     // the most often shared first
    std::vector<ItemId> ids_;
    std::vector<float> distances_to_;
    std::vector<Candidate> candidates_;
    std::vector<ItemId> neighbors_;
};

// An item's neighbours, and while there is room those that point at it: none of its own gives way.
class RoomFiller {
public:
    RoomFiller(const Adjacency& from, const Reversed& reversed) : from_(from), reversed_(reversed) {}
    void fill(ItemId item, Adjacency& to);

private:
    const Adjacency& from_;
    const Reversed& reversed_;
    std::vector<ItemId> neighbors_;
};

}  // namespace nearfile::graph
