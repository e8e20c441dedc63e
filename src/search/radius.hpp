// All items within a radius of a query. There is no telling how many they are, so a walk asks for the k nearest and,
// where all of them are within the radius, another one for more; a look at every item takes over where it costs less.
// So what a calibration says of the k nearest holds for what is within the radius too.
#pragma once

#include <span>
#include <vector>

#include "opened/state.hpp"
#include "search/eligible.hpp"
#include "search/scorer.hpp"

namespace nearfile::search {

struct RadiusQuery {
    std::span<const float> values;
    const SeenQuery* seen;     // where it is known
    const Eligible* admitted;  // what is found, null for all
    std::vector<Neighbor>* found;
};

// Finds what is within the radius of each of some queries, at most queries_a_scan: nearest first, ties by smaller id,
// distances the user's. `options` are checked.
void search_radius(const Index::State& state, std::span<const RadiusQuery> queries, float radius,
                   const RadiusOptions& options);

}  // namespace nearfile::search
