// What spaces are tried on: balls of items, each as dense as all of the data is there, and queries from the middle of
// the balls that are not among them. An even sample would be sparser than the data, and what is near easier to tell
// from what is not.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "build/rows.hpp"
#include "build/stages.hpp"
#include "graph/distances.hpp"
#include "kernels/kernels.hpp"

namespace nearfile::build {

// The recall that is looked at is that of so many nearest.
inline constexpr std::uint32_t trial_k = 10;

struct TrialSample {
    explicit TrialSample(std::uint32_t dim) : items(Rows::of_floats(dim)) {}

    struct Query {
        std::vector<float> values;
        std::vector<graph::ItemId> nearest;       // trial_k of the items
        std::vector<graph::ItemId> entry_points;  // some of the items of its ball
    };

    Rows items;
    std::vector<Query> queries;
};

// So many items are asked for at least; of fewer no sample is taken.
inline constexpr std::uint32_t least_tried = 2048;

TrialSample sample_balls(const kernels::Kernels& kernels, Metric metric, const Rows& rows, unsigned threads,
                         const StageWatch& watch);

}  // namespace nearfile::build
