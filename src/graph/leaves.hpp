// Candidates from one leaf of a tree: everything in it against everything.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "graph/candidate_lists.hpp"

namespace nearfile::graph {

class LeafProducts {
public:
    // `best`: at most most_best.
    LeafProducts(const Distances& distances, std::uint32_t best);

    static constexpr std::uint32_t most_best = 32;

    // Every item of the leaf offers its `best` nearest of the leaf to its list, and a few more. `wanted`: by item,
    // whether it does, not zero; empty where all do.
    void offer(std::span<const ItemId> leaf, std::span<const std::uint8_t> wanted, CandidateLists& lists);

private:
    float bound(const float* row, std::size_t padded) const;
    void offer_all(std::span<const ItemId> leaf, CandidateLists& lists);
    void offer_row(std::span<const ItemId> leaf, std::size_t i, float* row, CandidateLists& lists);

    const Distances& distances_;
    std::unique_ptr<PackedRows> packed_;
    bool spreads_duplicates_;
    std::uint32_t best_;
    std::vector<float> matrix_;
    std::vector<std::uint32_t> places_;
    std::vector<Candidate> near_;
};

}  // namespace nearfile::graph
