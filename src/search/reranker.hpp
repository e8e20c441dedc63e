// From candidates to the nearest: those whose bounds rule them out are left out, the others get exact distances.
// One for a search; its memory is borrowed.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <span>

#include "codes/bounds.hpp"
#include "opened/state.hpp"
#include "search/nearest.hpp"
#include "search/scratch.hpp"

namespace nearfile::search {

class Reranker {
public:
    // What is farther than `limit` is none of the nearest.
    Reranker(const Index::State& state, Scratch& scratch, std::size_t k,
             float limit = std::numeric_limits<float>::infinity())
        : state_(state), scratch_(scratch), k_(k), nearest_(state, room_for(scratch, k), limit), threshold_(limit) {
        scratch_.uppers.clear();
        scratch_.survivors.clear();
    }

    // The best `n` that a walk has visited; false, and nothing is taken, where they are fewer than k.
    bool take_visited(std::size_t n) { return take(scratch_.walk.frontier, n); }
    // The best `n`, at most as many as there are, however many.
    void take_best(const graph::Frontier& visited, std::size_t n);
    // The same of all that a search with a filter has found.
    bool take_found(const graph::Frontier& found) { return take(found, found.size()); }

    // Measures these now; whether any of them is among the nearest so far.
    bool measure(std::span<const codes::ItemId> candidates);

    // Keep the candidates whose lower bound is not above the k-th smallest upper bound.
    void filter_by_bounds(std::span<const codes::ItemId> candidates);

    // The same of `count` items in sequence, at most codes::batch; by `vectors` where these are not null.
    void filter_stretch(codes::ItemId first, std::size_t count, const RowBlock* vectors);

    // Measure the survivors exactly, the likeliest first, until none that is left can be among the nearest.
    // How many there are; the rest of `out` is of no use.
    std::size_t rerank(std::span<Neighbor> out);

private:
    static std::span<Neighbor> room_for(Scratch& scratch, std::size_t k) {
        scratch.nearest.resize(k);
        return scratch.nearest;
    }
    bool take(const graph::Frontier& visited, std::size_t n);
    codes::Bounds bounds() noexcept { return {lower_.data(), upper_.data()}; }
    void keep(codes::ItemId item, std::size_t j);
    void exact_distances(std::span<const codes::ItemId> items);
    void prefetch(std::span<const codes::ItemId> items);
    void measure_survivors();

    const Index::State& state_;
    Scratch& scratch_;
    const std::size_t k_;
    Nearest nearest_;
    float threshold_;  // the k-th smallest upper bound so far, or the limit
    std::array<float, codes::batch> lower_;
    std::array<float, codes::batch> upper_;
};

}  // namespace nearfile::search
