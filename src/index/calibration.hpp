// How much effort a recall takes: measured when a graph is built, with queries like those to come.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "index/coding.hpp"
#include "index/state.hpp"
#include "nearfile/index.hpp"

namespace nearfile::index {

// Below so many items a search looks at all of them.
inline constexpr std::uint32_t least_walked = 1024;

// A walk that keeps as many in view takes no less time than looking at all items does, which is exact.
constexpr std::uint32_t scanned_from(std::uint32_t count) {
    return count / 8;
}

struct CalibrationQueries {
    std::vector<float> values;         // dim each, as users give them
    std::vector<std::uint32_t> items;  // the items they are, left out of their own answers; empty when they are none
};

// Items as queries, evenly spread.
CalibrationQueries items_as_queries(const Index::State& state);

struct Calibration {
    std::vector<CalibrationPoint> points;  // ascending k, then effort; recall never falls along a curve
    std::array<float, 5> nearest{};        // Description::calibrated_nearest
};

// Empty where no search would walk, or without queries.
Calibration calibrate(const Index::State& state, const CalibrationQueries& queries, unsigned threads,
                      const StageWatch& watch);

// The effort for a recall of the k nearest by the curves; `otherwise` where there are none.
std::uint32_t effort_for(std::span<const CalibrationPoint> curves, std::uint32_t k, float recall,
                         std::uint32_t otherwise);

}  // namespace nearfile::index
