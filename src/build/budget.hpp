// What a graph may cost, and how many places for neighbours that allows.
#pragma once

#include <cstddef>
#include <cstdint>

#include "build/rows.hpp"
#include "nearfile/types.hpp"

namespace nearfile::build {

inline constexpr std::uint32_t densest = 64;         // places that any profile gives
inline constexpr std::uint32_t compact_degree = 32;  // and that `compact` does
inline constexpr std::uint32_t split_leaf_size =
    128;  // of the entry tree: half of its planes, which see all dimensions

// How many of the dimensions that walks see their sketches see: fewer bits leave room for more neighbours.
std::size_t sketched_dimensions(std::size_t seen, Metric metric) noexcept;

// Of the file, for an item of a graph whose walks see `seen` dimensions.
std::size_t bytes_of_item(std::size_t seen, std::uint32_t degree, Metric metric, const Rows& rows);

// What `balanced` may take for an item.
std::uint64_t balanced_bytes(std::size_t dim);

// The most places that the profile has bytes for.
std::uint32_t degree_in_budget(std::size_t seen, Metric metric, const Rows& rows, Profile profile);

// Of `compact` whose walks go by 4-bit codes: as many as `compact` has, or fewer where that keeps it within its share
// of the values in single precision.
std::uint32_t degree_of_split(std::size_t dim, std::uint32_t count) noexcept;

}  // namespace nearfile::build
