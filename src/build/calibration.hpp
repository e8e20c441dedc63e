// How much effort a recall takes: measured when a graph is built, with queries like those to come.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "build/stages.hpp"
#include "nearfile/index.hpp"
#include "opened/state.hpp"

namespace nearfile::build {

struct CalibrationQueries {
    std::vector<float> values;  // dim each, as users give them
    std::vector<std::uint32_t> items =
        {};                // the items they are, left out of their own answers; empty when they are none
    bool made_up = false;  // by the build, for want of users' own
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

}  // namespace nearfile::build
