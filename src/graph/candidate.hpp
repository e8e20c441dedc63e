// A neighbour that an item may get: its distance and its number in one word that sorts by distance, then by number, so
// that no order depends on how the candidates were found.
#pragma once

#include <bit>
#include <cstdint>

#include "graph/distances.hpp"

namespace nearfile::graph {

using Candidate = std::uint64_t;

inline constexpr Candidate no_candidate = ~Candidate{0};

// The bits of floats from zero up are in the order of the floats.
inline Candidate candidate(float distance, ItemId item) noexcept {
    return (static_cast<Candidate>(std::bit_cast<std::uint32_t>(distance)) << 32) | item;
}
inline ItemId item_of(Candidate each) noexcept {
    return static_cast<ItemId>(each);
}
inline float distance_of(Candidate each) noexcept {
    return std::bit_cast<float>(static_cast<std::uint32_t>(each >> 32));
}

}  // namespace nearfile::graph
