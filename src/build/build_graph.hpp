// From items to a graph, stage by stage: a first tree for the order and the entry points, more trees for candidates,
// pruning, reverse edges, one pass of walks, and the rows that a search reads.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "build/encode.hpp"
#include "build/external/parts.hpp"
#include "build/external/session.hpp"
#include "build/given_candidates.hpp"
#include "codes/projection.hpp"
#include "file/section_writer.hpp"
#include "forest/tree.hpp"
#include "opened/description.hpp"

namespace nearfile::build {

struct BuiltGraph {
    std::uint32_t degree = 0;
    std::uint32_t walk_dim = 0;
    std::uint32_t sketched_dim = 0;  // how many of those sketches see; 0 without any
    std::uint32_t plane_dim = 0;
    std::uint32_t n_trees = 0;  // for candidates; none of them is kept
    std::uint32_t leaf_size = 0;
    opened::SpaceKind space = opened::SpaceKind::own;
    bool want_codes = true;                  // of 8 bits
    bool splits = false;                     // whether codes are in two halves, and written
    std::vector<std::uint32_t> row_of_item;  // item i is row row_of_item[i] in the order of adding
    std::vector<std::uint32_t> item_of_row;  // and back
    external::Division division;             // of a build within a given memory: the way from rows to items
    codes::TrainedProjection projection;
    std::vector<float> whitening;          // the factor of the whitened space
    std::vector<float> likely_queries;     // to calibrate with, dim values each; empty: items will do
    bool made_up = false;                  // those: they are like no user's
    forest::Forest<forest::Split> planes;  // the first tree; one of the two, its items are 0, 1, 2, ...
    forest::Forest<forest::BitSplit> bits;
};

// Writes the first sections of a graph, `vertices` and `nibbles`; what is in the result is not written. `encoded`: with
// codes in the order of adding where the metric's are what the graph is built by, which come to be in that of the
// items; else the center alone. `queries`: a sample of real ones, which may be empty. `session`: of a build within a
// given memory, or null.
BuiltGraph build_graph(const kernels::Kernels& kernels, Metric metric, const Rows& rows, Encoded& encoded,
                       const Rows& queries, const GivenCandidates& given, const BuildOptions& options,
                       file::SectionWriter& writer, const external::Session* session, const StageWatch& watch);

// Rows of `stride` bytes in the order of items.
base::AlignedBuffer in_item_order(std::span<const std::byte> rows, std::size_t stride, const BuiltGraph& built,
                                  unsigned threads, const StageWatch& watch);

}  // namespace nearfile::build
