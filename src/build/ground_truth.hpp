// How far the nearest items are from some queries, found by looking at every item: what a calibration counts by.
#pragma once

#include <cstddef>
#include <vector>

#include "build/calibration.hpp"

namespace nearfile::build {

// For each query the distances of its `most` nearest items (there must be as many), ascending, and negative inner
// products for dot. A query that is an item is not among its own. Ties make no difference to distances, so these are
// all it takes.
std::vector<std::vector<float>> nearest_distances(const Index::State& state, const CalibrationQueries& queries,
                                                  std::size_t most, unsigned threads, const StageWatch& watch);

}  // namespace nearfile::build
