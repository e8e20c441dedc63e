// How much effort a recall takes: measured when a graph is built, with items of its own as queries, each left out of its
// walk and of the answer.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "index/coding.hpp"
#include "index/state.hpp"
#include "nearfile/index.hpp"

namespace nearfile::index {

// Below so many items a search looks at all of them.
inline constexpr std::uint32_t least_walked = 1024;

// Ascending k, then effort; empty where no search would walk. Recall never falls along a curve.
std::vector<CalibrationPoint> calibrate(const Index::State& state, unsigned threads, const StageWatch& watch);

// The effort for a recall of the k nearest by the curves; `otherwise` where there are none.
std::uint32_t effort_for(std::span<const CalibrationPoint> curves, std::uint32_t k, float recall,
                         std::uint32_t otherwise);

}  // namespace nearfile::index
