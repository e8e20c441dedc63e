// What a graph may cost, and how many places for neighbours that allows.
#pragma once

#include <cstddef>
#include <cstdint>

#include "build/rows.hpp"
#include "nearfile/types.hpp"

namespace nearfile::build {

inline constexpr std::uint32_t densest = 64;  // places that any profile gives

// Of the file, for an item of a graph with sketches of `seen` dimensions.
std::size_t bytes_of_item(std::size_t seen, std::uint32_t degree, Metric metric, const Rows& rows);

// The most places that the profile has bytes for.
std::uint32_t degree_in_budget(std::size_t seen, Metric metric, const Rows& rows, Profile profile);

}  // namespace nearfile::build
