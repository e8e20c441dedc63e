// Occlusion pruning: which of the candidates become neighbours.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "graph/candidate.hpp"

namespace nearfile::graph {

// The nearest candidate is kept, and every later one that no kept one is nearer to by the factor `alpha`: a neighbour
// that is reached through another is not worth a place (Arya and Mount 1993; alpha: Subramanya et al. 2019). Where
// places are left, the same again with the next alpha: so those far away, which few candidates lead to, get theirs
// before many near ones take them all. Reused from item to item.
class Pruner {
public:
    // `alphas`: ascending.
    Pruner(const Distances& distances, std::span<const float> alphas);

    // `candidates` in ascending order, without the item itself and without repetitions.
    std::span<const ItemId> keep(std::span<const Candidate> candidates, std::size_t most);

private:
    void take(std::span<const Candidate> candidates);
    std::size_t occlude_behind(std::size_t place);
    std::size_t close_ranks(std::size_t place);

    std::unique_ptr<PackedRows> packed_;
    std::vector<float> alphas_;
    bool spreads_duplicates_;
    std::vector<ItemId> ids_;
    std::vector<float> distances_to_;
    std::vector<float> to_nearest_kept_;  // how far from each
    std::vector<float> to_kept_;
    std::vector<std::uint32_t> places_;
    std::vector<ItemId> kept_;
};

}  // namespace nearfile::graph
