// The graph as a search reads it: rows of neighbours, with sketches of them or without, and 4-bit codes. What a source
// is made of must outlive it.
#pragma once

#include <span>

#include "build/quantized.hpp"
#include "build/row_source.hpp"
#include "codes/nibble.hpp"
#include "codes/sketch.hpp"
#include "graph/adjacency.hpp"

namespace nearfile::build {

// Without sketches.
RowSource plain_vertices(const graph::Adjacency& graph);

// The same in few bits: graph/sorted_row.hpp.
RowSource sorted_vertices(const graph::Adjacency& graph);

// Sketches of the first `sketch_dim` dimensions.
RowSource sketched_vertices(const kernels::Kernels& kernels, const graph::Adjacency& graph,
                            const QuantizedVectors& vectors, std::size_t sketch_dim, codes::SketchKind kind);

// As they are made, an item's tail comes to be in `tails`, which has a place for each.
RowSource nibble_rows(const QuantizedVectors& vectors, std::span<codes::NibbleTail> tails);

// Split codes: the 8-bit ones of the build, in two planes. The upper one comes with tails.
RowSource upper_halves(const QuantizedVectors& vectors, std::span<codes::NibbleTail> tails);
RowSource lower_halves(const QuantizedVectors& vectors);

}  // namespace nearfile::build
