// How much effort (what others call ef_search) a search takes, by the calibration in the file; and where a look at
// every item takes its place: because it costs less, or because walks do not find what is asked for.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "nearfile/index.hpp"
#include "opened/state.hpp"

namespace nearfile::search {

// The k that a calibration has curves of.
inline constexpr std::array<std::uint32_t, 3> calibrated_ks = {1, 10, 100};

// A curve ends where walks have found as much.
inline constexpr float curve_end = 0.997f;

// What a search is to find where it is not said.
inline constexpr float default_recall = 0.95f;

// Below so many items a search looks at all of them.
inline constexpr std::uint32_t least_walked = 1024;

// Instead of an effort: no walk, all items.
inline constexpr std::uint32_t every_item = 0xffffffffu;

// What looking at an item and going to a vertex cost, in nanoseconds, as measured for docs/algorithms/graph.md. Only
// how they compare matters, and that is much the same on every machine; a clock would make two builds of the same data
// differ.
double item_of_a_scan(const Index::State& state) noexcept;
double admitted_item_of_a_scan(const Index::State& state) noexcept;  // not beside the one before
double vertex_of_a_walk(const Index::State& state) noexcept;

// From this effort on looking at all items takes no longer than a walk.
std::uint32_t scanned_from(const Index::State& state) noexcept;

// How many candidates a forest is asked for.
std::uint64_t candidates_wanted(const SearchOptions& options, std::size_t k, std::size_t dim);

// The effort for a recall of the k nearest by the curves of a calibration; every_item where its walks found less, where
// there are none, and for a recall of 1. What was measured counts less its standard error, so that what is asked for is
// given; a recall beyond curve_end takes twice the effort of that.
std::uint32_t effort_for(std::span<const CalibrationPoint> curves, std::uint32_t k, float recall) noexcept;

// The most that effort_for() answers with an effort: 1 where a curve reached its end, 0 where no walk pays.
float recall_of_walks(std::span<const CalibrationPoint> curves, std::uint32_t k) noexcept;

}  // namespace nearfile::search
