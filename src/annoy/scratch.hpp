// The working memory of one search of a file that Annoy wrote, kept for the next one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/kernels.hpp"

namespace nearfile::annoy {

struct Scratch {
    explicit Scratch(std::size_t n_items) : seen((n_items + 63) / 64) {}

    std::vector<std::uint64_t> waiting;  // nodes by their priority, as a heap
    std::vector<std::uint64_t> seen;     // a bit for every item that was found; none is set between searches
    std::vector<kernels::ItemId> found;
    std::vector<float> orders;          // of what was found
    std::vector<std::uint64_t> ranked;  // the same by their order
};

}  // namespace nearfile::annoy
