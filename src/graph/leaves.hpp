// Candidates from one leaf of a tree: everything in it against everything.
#pragma once

#include <span>
#include <vector>

#include "graph/candidate_lists.hpp"

namespace nearfile::graph {

class LeafProducts {
public:
    LeafProducts(const Distances& distances, std::uint32_t best) : distances_(distances), best_(best) {}

    // Every item of the leaf offers its `best` nearest of the leaf to its list.
    void offer(std::span<const RowId> leaf, CandidateLists& lists);

private:
    const Distances& distances_;
    std::uint32_t best_;
    std::vector<float> row_;
    std::vector<Candidate> near_;
};

}  // namespace nearfile::graph
