// The passes that make a graph of candidate lists. Each reads one graph and writes another, item by item: no locks, and
// the same graph on any number of threads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "graph/adjacency.hpp"
#include "graph/candidate.hpp"
#include "graph/prune.hpp"
#include "graph/visited_stamps.hpp"

namespace nearfile::graph {

// Edges the other way round: who points at an item.
class Reversed {
public:
    explicit Reversed(const Adjacency& graph, unsigned threads = 1);

    // In ascending order.
    std::span<const ItemId> sources(ItemId item) const noexcept {
        return sources_.as<const ItemId>().subspan(starts_[item], starts_[item + 1] - starts_[item]);
    }

private:
    std::vector<std::uint64_t> starts_;
    base::AlignedBuffer sources_;
};

// An item's neighbours: all that it may have, pruned where they are too many.
class Chooser {
public:
    Chooser(const Distances& distances, std::span<const float> alphas)
        : distances_(distances), pruner_(distances, alphas) {}
    // `some`: distinct ones, without the item.
    void choose(ItemId item, std::span<const ItemId> some, Adjacency& to);

private:
    const Distances& distances_;
    Pruner pruner_;
    std::vector<float> distances_to_;
    std::vector<Candidate> candidates_;
};

// An item's neighbours and those that point at it, pruned where they are too many.
class ReverseJoiner {
public:
    ReverseJoiner(const Distances& distances, const Adjacency& from, const Reversed& reversed,
                  std::span<const float> alphas)
        : from_(from), reversed_(reversed), chooser_(distances, alphas) {}
    void join(ItemId item, Adjacency& to);

private:
    const Adjacency& from_;
    const Reversed& reversed_;
    Chooser chooser_;
    std::vector<ItemId> own_;
    std::vector<ItemId> ids_;  // own neighbours and sources, ascending
};

// The nearest `most` of `some`, nearest first.
std::vector<ItemId> nearest(const Distances& distances, ItemId item, std::span<const ItemId> some, std::size_t most);

// New neighbours for an item from a walk that starts at it. For many items one after another: it is as large as the
// graph.
class Refiner {
public:
    // `width`: how many items stay in view. `steps`: how many are expanded, the nearest first, a few at a time.
    Refiner(const Distances& distances, const Adjacency& from, std::span<const float> alphas, std::uint32_t width,
            std::uint32_t steps)
        : distances_(distances),
          from_(from),
          pruner_(distances, alphas),
          stamps_(from.count()),
          width_(width),
          steps_(steps) {}
    void refine(ItemId item, Adjacency& to) { refine(item, steps_, to); }
    // With another number of steps.
    void refine(ItemId item, std::uint32_t steps, Adjacency& to);

    // What the walk has in view at its end, ascending; stays until the next one.
    std::span<const Candidate> walk(ItemId item) { return walk(item, steps_); }
    std::span<const Candidate> walk(ItemId item, std::uint32_t steps);

private:
    void visit(std::span<const ItemId> some);
    void select_near(ItemId item, Candidate threshold);
    std::size_t expand(std::size_t most);

    const Distances& distances_;
    const Adjacency& from_;
    Pruner pruner_;
    VisitedStamps stamps_;
    std::uint32_t width_;
    std::uint32_t steps_;
    std::vector<ItemId> fresh_;
    std::vector<float> distances_to_;
    std::vector<Candidate> near_;  // ascending, as are the others
    std::vector<Candidate> own_;
    std::vector<Candidate> view_;
    std::vector<Candidate> merged_;
};

}  // namespace nearfile::graph
