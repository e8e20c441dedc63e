// What the seed of a build is divided into (base::derive_seed), so that nothing draws the same numbers as anything
// else. Part t, below max_trees, is that of tree t. Files depend on these: do not change them.
#pragma once

#include <cstdint>

#include "base/random.hpp"
#include "nearfile/types.hpp"

namespace nearfile::opened {

enum class SeedPart : std::uint64_t {
    projection = max_trees,
    rotation,
    entry_tree,
    made_up_queries,
    calibration_queries,
    parts,
};

inline std::uint64_t derive_seed(std::uint64_t seed, SeedPart part) noexcept {
    return base::derive_seed(seed, static_cast<std::uint64_t>(part));
}

}  // namespace nearfile::opened
