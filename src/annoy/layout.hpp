// Where the fields of a node are, for every layout that Annoy has written. Called by open and everything that reads
// nodes.
//
// A file is an array of nodes of one size: first the items by id, then the nodes of the trees, then a copy of every
// root. All fields are 32 bits, but the 64-bit words of a hamming vector.
//
//                  descendants  children  extra            vector
//   angular             0        4, 8     -                12   item: the first child's place holds the squared norm
//   euclidean           0        8, 12    4  plane offset  16   manhattan is the same
//   dot                 0        4, 8     12 dot factor    16
//   dot_main            0        4, 8     12 dot factor    24   16: squared largest norm, 20: whether built
//   hamming             0        4, 8     -                16   four bytes of padding before the words
//   hamming_packed      0        4, 8     -                12
//
// The ids of a leaf start at the children and run to the end of the node, over everything in between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "nearfile/annoy.hpp"

namespace nearfile::annoy {

// Node sizes stay far from overflow; no Annoy index comes near.
inline constexpr std::uint32_t max_file_dim = std::uint32_t{1} << 28;

struct Layout {
    AnnoyLayout name;
    std::uint32_t dim;
    std::size_t node_bytes;
    std::size_t children_at;
    std::size_t extra_at;  // plane offset or dot factor; 0 where there is none
    std::size_t vector_at;
    std::size_t words;           // 64-bit words of a hamming vector; 0 for vectors of floats
    std::int32_t leaf_capacity;  // a tree node of at most so many descendants is a leaf
};

Layout layout_of(AnnoyLayout name, std::uint32_t dim) noexcept;

// Those that a metric has had, the likeliest first; none for metrics that Annoy has not.
std::span<const AnnoyLayout> layouts_of(Metric metric) noexcept;

std::span<const AnnoyLayout> all_layouts() noexcept;

}  // namespace nearfile::annoy
