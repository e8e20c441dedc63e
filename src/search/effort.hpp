// How much effort (what others call ef_search) a search takes, by the calibration in the file.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "nearfile/index.hpp"

namespace nearfile::search {

// The k that a calibration has curves of.
inline constexpr std::array<std::uint32_t, 3> calibrated_ks = {1, 10, 100};

// Below so many items a search looks at all of them.
inline constexpr std::uint32_t least_walked = 1024;

// A walk that keeps as many in view takes no less time than looking at all items does, which is exact.
constexpr std::uint32_t scanned_from(std::uint32_t count) {
    return count / 8;
}

// The effort for a recall of the k nearest by the curves; `otherwise` where there are none.
std::uint32_t effort_for(std::span<const CalibrationPoint> curves, std::uint32_t k, float recall,
                         std::uint32_t otherwise);

}  // namespace nearfile::search
