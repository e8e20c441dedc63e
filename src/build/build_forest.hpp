// From codes to a forest: what the trees see of the items, how many trees, how large their leaves.
#pragma once

#include "build/encode.hpp"
#include "codes/projection.hpp"
#include "forest/tree.hpp"

namespace nearfile::build {

// One of the two, by metric; both empty for an empty index.
struct BuiltForest {
    std::uint32_t leaf_size = 0;
    std::uint32_t n_trees = 0;
    std::uint32_t plane_dim = 0;
    codes::TrainedProjection projection;  // empty where planes see every dimension
    forest::Forest<forest::Split> planes;
    forest::Forest<forest::BitSplit> bits;
};

BuiltForest build_forest(const kernels::Kernels& kernels, Metric metric, const Rows& rows, const Encoded& encoded,
                         const BuildOptions& options, const StageWatch& watch);

}  // namespace nearfile::build
