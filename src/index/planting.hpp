// From codes to a forest: what the trees see of the items, how many trees, how large their leaves.
#pragma once

#include "codes/projection.hpp"
#include "forest/tree.hpp"
#include "index/coding.hpp"

namespace nearfile::index {

// One of the two, by metric; both empty for an empty index.
struct Planted {
    std::uint32_t leaf_size = 0;
    std::uint32_t n_trees = 0;
    std::uint32_t plane_dim = 0;
    codes::TrainedProjection projection;  // empty where planes see every dimension
    forest::Grove<forest::Split> planes;
    forest::Grove<forest::BitSplit> bits;
};

Planted plant(const kernels::Kernels& kernels, Metric metric, const Rows& rows, const Coded& coded,
              const BuildOptions& options, const StageWatch& watch);

}  // namespace nearfile::index
