// Items that are at no distance from each other.
#pragma once

#include <limits>
#include <span>

namespace nearfile::graph {

// `far`: the distances of item `item` of a leaf from all of the leaf. Of its copies the next one in the leaf is enough:
// copies hang together as a ring, and leave the other places to others.
inline void keep_one_copy(std::span<float> far, std::size_t item) noexcept {
    bool kept = false;
    for (std::size_t step = 1; step < far.size(); ++step) {
        const std::size_t at = item + step < far.size() ? item + step : item + step - far.size();
        if (far[at] > 0) continue;
        if (kept) far[at] = std::numeric_limits<float>::infinity();
        kept = true;
    }
}

}  // namespace nearfile::graph
