// The working memory of one search: borrowed from the index's pool, given back when done.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "codes/sketch.hpp"
#include "forest/gather.hpp"
#include "graph/walk.hpp"
#include "index/scorer.hpp"
#include "index/state.hpp"

namespace nearfile::index {

struct Survivor {
    float lower;
    codes::RowId row;
};

struct Scratch {
    explicit Scratch(const Index::State& state) : scorer(state) {
        if (state.graph && state.graph->sketches) tables.emplace(*state.graph->sketches);
    }

    Scorer scorer;
    forest::GatherScratch gather;
    graph::WalkScratch walk;
    std::optional<codes::SketchTables> tables;
    std::vector<codes::RowId> candidates;
    std::vector<float> uppers;  // a heap of the k smallest
    std::vector<Survivor> survivors;
    std::vector<Neighbor> nearest;
};

class BorrowedScratch {
public:
    explicit BorrowedScratch(const Index::State& state) : state_(state), scratch_(state.scratch.take(state)) {}
    ~BorrowedScratch() { state_.scratch.give(std::move(scratch_)); }
    BorrowedScratch(const BorrowedScratch&) = delete;
    BorrowedScratch& operator=(const BorrowedScratch&) = delete;
    Scratch& operator*() noexcept { return *scratch_; }

private:
    const Index::State& state_;
    std::unique_ptr<Scratch> scratch_;
};

}  // namespace nearfile::index
