// Occlusion pruning: which of the candidates become neighbours.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "graph/candidate.hpp"

namespace nearfile::graph {

// The nearest candidate is kept, and every later one that no kept one is nearer to by the factor `alpha`: a neighbour
// that is reached through another is not worth a place (Arya and Mount 1993; alpha: Subramanya et al. 2019). Reused
// from item to item.
class Pruner {
public:
    Pruner(const Distances& distances, float alpha)
        : gathering_(distances.gathering()), alpha_(distances.scaled(alpha)), copies_apart_(distances.copies_apart()) {}

    // `candidates` in ascending order, without the item itself and without repetitions.
    std::span<const RowId> keep(std::span<const Candidate> candidates, std::size_t most);

private:
    void close_ranks(std::size_t from);

    std::unique_ptr<Gathering> gathering_;
    float alpha_;
    bool copies_apart_;
    std::vector<RowId> ids_;
    std::vector<float> far_;  // `occluded` where it is
    std::vector<float> to_kept_;
    std::vector<std::uint32_t> places_;
    std::vector<RowId> kept_;
};

}  // namespace nearfile::graph
