// Of candidates, those within a radius of the query: what bounds do not rule out is measured exactly. One for a search;
// its memory but for what it finds is borrowed.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "codes/bounds.hpp"
#include "opened/state.hpp"
#include "search/scratch.hpp"

namespace nearfile::search {

class Within {
public:
    // `radius` as distances are compared: of inner products the negative one. At most the nearest `most` are kept.
    Within(const Index::State& state, Scratch& scratch, float radius, std::size_t most)
        : state_(state), scratch_(scratch), radius_(radius), threshold_(radius), most_(most) {}

    // Candidates that come once each: the best `n` that a walk has visited, of a list, or `count` items in sequence, at
    // most codes::batch, by `vectors` where these are not null.
    void take_visited(std::size_t n);
    void take(std::span<const codes::ItemId> candidates);
    void filter_stretch(codes::ItemId first, std::size_t count, const RowBlock* vectors);

    // How many of what was taken are within the radius.
    std::size_t count();
    void clear();

    // Nearest first, ties by smaller id; by row, with the user's distances.
    std::vector<Neighbor> finish();

private:
    codes::Bounds bounds() noexcept { return {lower_.data(), upper_.data()}; }
    void keep(codes::ItemId item);
    void measure();
    void drop_farthest();

    const Index::State& state_;
    Scratch& scratch_;
    const float radius_;
    float threshold_;  // what is farther is not kept
    const std::size_t most_;
    std::vector<Neighbor> found_;  // by item
    std::array<codes::ItemId, Scorer::exact_batch> unmeasured_;
    std::size_t n_unmeasured_ = 0;
    std::array<float, codes::batch> lower_;
    std::array<float, codes::batch> upper_;
};

}  // namespace nearfile::search
