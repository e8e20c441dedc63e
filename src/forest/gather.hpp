// Searching the forest: collect at least so many distinct candidates for a query, those from the best leaves of
// all trees first. What they are worth is for the caller to measure.
//
// Asking for more candidates returns the same ones and more after them, and asking for all returns every item: so a
// larger search_k never makes an answer worse, and a large enough one makes it exact.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "forest/forest.hpp"
#include "kernels/kernels.hpp"

namespace nearfile::forest {

// Working memory of one search at a time, kept between searches.
struct GatherScratch {
    struct Entry {
        float priority;
        NodeRef ref;
    };
    std::vector<std::uint64_t> seen;  // one bit an item, all zero between searches
    std::vector<Entry> splits;        // two heaps, the best in front
    std::vector<Entry> leaves;
    std::vector<Entry> walkers;  // going down now, and those of the step before
    std::vector<Entry> current;
    std::vector<NodeRef> refs;
    std::vector<std::int32_t> products;
    std::vector<float> margins;
    std::vector<NodeRef> reached;
};

// A query as the planes see it: its code, padded with zeros to a multiple of 64, and the code's scale.
struct PlaneQuery {
    const std::int8_t* code;
    float scale;
};

// Fills `found`. Damaged references are left out; the time is bounded by the number of nodes whatever the file says.
// Where `allowed` is not empty it has a bit for every item, and only those whose bit is set are found.
void gather(const kernels::Kernels& kernels, const PlaneForest& forest, const PlaneQuery& query, std::size_t wanted,
            std::span<const std::uint64_t> allowed, GatherScratch& scratch, std::vector<ItemId>& found);
void gather(const BitForest& forest, std::span<const std::uint64_t> query, std::size_t wanted,
            std::span<const std::uint64_t> allowed, GatherScratch& scratch, std::vector<ItemId>& found);

}  // namespace nearfile::forest
