// The graph as a search reads it: rows of neighbours, with sketches of them or without, and 4-bit codes.
#pragma once

#include "base/aligned_buffer.hpp"
#include "build/quantized.hpp"
#include "codes/sketch.hpp"
#include "graph/adjacency.hpp"

namespace nearfile::build {

// Without sketches. Neighbours of three bytes where the items are few enough.
base::AlignedBuffer plain_vertices(const graph::Adjacency& graph, bool short_ids);

base::AlignedBuffer sketched_vertices(const kernels::Kernels& kernels, const graph::Adjacency& graph,
                                      const QuantizedVectors& vectors, codes::SketchKind kind, unsigned threads,
                                      const StageWatch& watch);

base::AlignedBuffer nibble_rows(const QuantizedVectors& vectors, unsigned threads, const StageWatch& watch);

}  // namespace nearfile::build
