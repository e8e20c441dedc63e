// From items to a graph, stage by stage: a first tree for the order and the seeds, more trees for candidates, pruning,
// reverse edges, one pass of walks, and the rows that a search reads.
#pragma once

#include <vector>

#include "base/aligned_buffer.hpp"
#include "codes/projection.hpp"
#include "forest/tree.hpp"
#include "index/coding.hpp"
#include "index/description.hpp"

namespace nearfile::index {

struct Woven {
    std::uint32_t degree = 0;
    std::uint32_t walk_dim = 0;
    std::uint32_t plane_dim = 0;
    std::uint32_t n_trees = 0;
    std::uint32_t leaf_size = 0;
    SpaceKind space = SpaceKind::own;
    float sketch_scale = 0;
    bool short_ids = false;
    bool want_codes = true;             // of 8 bits
    std::vector<std::uint32_t> order;   // item i is row order[i] in the order of adding
    std::vector<std::uint32_t> places;  // and back
    codes::TrainedProjection projection;
    std::vector<float> whitening;         // the factor of the whitened space
    std::vector<float> likely_queries;    // to calibrate with, dim values each; empty: items will do
    bool made_up = false;                 // those: they are like no user's
    forest::Grove<forest::Split> planes;  // the first tree; one of the two, its items are 0, 1, 2, ...
    forest::Grove<forest::BitSplit> bits;
    base::AlignedBuffer vertices;
    base::AlignedBuffer nibbles;
};

// `coded`: with codes in the order of adding where the metric's are not scaled (they are what the walk sees), else the
// center alone. `queries`: a sample of real ones, which may be empty.
Woven weave(const kernels::Kernels& kernels, Metric metric, const Rows& rows, const Coded& coded, const Rows& queries,
            const BuildOptions& options, const StageWatch& watch);

}  // namespace nearfile::index
