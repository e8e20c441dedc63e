// A stretch of items with those that walks from them visit: all that they point at, and of what these point at as much
// as there is room for, what most of them point at first. So much of a graph that lies on disk is brought into memory
// at a time, and walks go on there.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "build/edges.hpp"
#include "build/stages.hpp"
#include "graph/adjacency.hpp"

namespace nearfile::build::external {

class Surroundings {
public:
    // Of items of `graph`; stretches with at most `most_members`.
    Surroundings(const graph::Adjacency& graph, std::uint32_t most_members);

    // The next stretch: from `begin` on, as far as there is room, and no further than `end`. Returns its end.
    std::uint32_t take(std::uint32_t begin, std::uint32_t end);

    // Ascending. Those of the stretch follow each other.
    std::span<const graph::ItemId> members() const noexcept { return members_; }
    std::uint32_t first_own() const noexcept { return place_of_item_[begin_] - 1; }

    // The graph of the members alone, by their places.
    graph::Adjacency graph(unsigned threads, const StageWatch& watch) const;

private:
    bool take_neighbors(std::uint32_t begin, std::uint32_t end);
    void fill_up(std::size_t first);
    void clear();

    const graph::Adjacency& graph_;
    std::uint32_t most_members_;
    std::uint32_t shortest_;  // that a stretch may be: always with room for all it points at
    std::uint32_t length_;    // of the last stretch
    std::uint32_t begin_ = 0;
    std::vector<graph::ItemId> members_;
    std::vector<std::uint32_t> place_of_item_;  // one more than that; 0 where it is no member
    std::vector<graph::ItemId> pointed_at_;     // that are none yet; meanwhile, their places say by how many
};

}  // namespace nearfile::build::external
