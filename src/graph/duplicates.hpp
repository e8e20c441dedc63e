// Items that are at no distance from each other.
#pragma once

#include <limits>
#include <span>

namespace nearfile::graph {

// `distances`: the distances of item `item` of a leaf from all of the leaf. Of its duplicates the next one in the leaf
// is enough: duplicates hang together as a ring, and leave the other places to others.
inline void keep_one_duplicate(std::span<float> distances, std::size_t item) noexcept {
    bool kept = false;
    for (std::size_t step = 1; step < distances.size(); ++step) {
        const std::size_t at = item + step < distances.size() ? item + step : item + step - distances.size();
        if (distances[at] > 0) continue;
        if (kept) distances[at] = std::numeric_limits<float>::infinity();
        kept = true;
    }
}

}  // namespace nearfile::graph
