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
        : packed_(distances.packed()),
          alpha_(distances.scaled(alpha)),
          spreads_duplicates_(distances.spreads_duplicates()) {}

    // `candidates` in ascending order, without the item itself and without repetitions.
    std::span<const ItemId> keep(std::span<const Candidate> candidates, std::size_t most);

private:
    void close_ranks(std::size_t from);

    std::unique_ptr<PackedRows> packed_;
    float alpha_;
    bool spreads_duplicates_;
    std::vector<ItemId> ids_;
    std::vector<float> distances_to_;  // `occluded` where it is
    std::vector<float> to_kept_;
    std::vector<std::uint32_t> places_;
    std::vector<ItemId> kept_;
};

}  // namespace nearfile::graph
