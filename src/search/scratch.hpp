// The working memory of one search: borrowed from the index's pool, given back when done.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "codes/sketch.hpp"
#include "forest/gather.hpp"
#include "graph/walk.hpp"
#include "opened/state.hpp"
#include "search/admission.hpp"
#include "search/scorer.hpp"

namespace nearfile::search {

struct Survivor {
    float lower;
    codes::ItemId row;
};

// An item and how far it is by its code.
struct Coded {
    float distance;
    codes::ItemId item;
};

struct Scratch final : opened::LentMemory {
    explicit Scratch(const Index::State& state) : scorer(state) {
        if (state.graph && state.graph->sketches) tables.emplace(*state.graph->sketches);
    }

    Scorer scorer;
    forest::GatherScratch gather;
    graph::WalkScratch walk;
    graph::Frontier admitted;  // of a search with a filter, what it has found
    std::vector<Coded> coded;
    ExcludedItems excluded;
    std::vector<codes::ItemId> excluded_items;
    std::optional<codes::SketchTables> tables;
    std::vector<codes::ItemId> candidates;
    std::vector<float> uppers;  // a heap of the k smallest
    std::vector<Survivor> survivors;
    std::vector<Neighbor> nearest;
    std::vector<Neighbor> answer;
};

class BorrowedScratch {
public:
    explicit BorrowedScratch(const Index::State& state) : state_(state), scratch_(state.scratch.take()) {
        if (!scratch_) scratch_ = std::make_unique<Scratch>(state);
    }
    ~BorrowedScratch() { state_.scratch.give(std::move(scratch_)); }
    BorrowedScratch(const BorrowedScratch&) = delete;
    BorrowedScratch& operator=(const BorrowedScratch&) = delete;
    Scratch& operator*() noexcept { return static_cast<Scratch&>(*scratch_); }

private:
    const Index::State& state_;
    std::unique_ptr<opened::LentMemory> scratch_;  // a Scratch: nothing else is given
};

}  // namespace nearfile::search
