// What the trees of inner products see besides the codes: how much each item is shorter than it could be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "codes/scaled.hpp"
#include "kernels/kernels.hpp"

namespace nearfile::build {

// One more coordinate an item, which brings it to one length with the others, so that the largest inner product is the
// nearest direction (Bachrach et al. 2014, the reduction that Annoy uses too), but for items longer than most answers
// are: those keep their length. With the longest of all as the common length, a few of them would make all others look
// alike. `rows` are scaled codes, at least one.
std::vector<float> augmented_coordinates(const kernels::Kernels& kernels, const codes::ScaledLayout& layout,
                                         std::uint32_t count, const std::byte* rows);

}  // namespace nearfile::build
