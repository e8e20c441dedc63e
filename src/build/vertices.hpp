// The graph as a search reads it: rows of neighbours, with sketches of them or without, and 4-bit codes.
#pragma once

#include <vector>

#include "base/aligned_buffer.hpp"
#include "build/quantized.hpp"
#include "codes/nibble.hpp"
#include "codes/sketch.hpp"
#include "graph/adjacency.hpp"

namespace nearfile::build {

// Without sketches.
base::AlignedBuffer plain_vertices(const graph::Adjacency& graph, unsigned threads, const StageWatch& watch);

// The same in few bits: graph/sorted_row.hpp.
base::AlignedBuffer sorted_vertices(const graph::Adjacency& graph, unsigned threads, const StageWatch& watch);

base::AlignedBuffer sketched_vertices(const kernels::Kernels& kernels, const graph::Adjacency& graph,
                                      const QuantizedVectors& vectors, codes::SketchKind kind, unsigned threads,
                                      const StageWatch& watch);

struct NibbleRows {
    base::AlignedBuffer codes;
    std::vector<codes::NibbleTail> tails;
};
// Split codes: the 8-bit ones of the build, in two planes.
struct SplitRows {
    NibbleRows upper;
    base::AlignedBuffer lower;
};
SplitRows split_rows(const QuantizedVectors& vectors, unsigned threads, const StageWatch& watch);

NibbleRows nibble_rows(const QuantizedVectors& vectors, unsigned threads, const StageWatch& watch);

}  // namespace nearfile::build
