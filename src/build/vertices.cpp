#include "build/vertices.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "build/edges.hpp"
#include "build/stages.hpp"
#include "codes/nibble.hpp"
#include "opened/description.hpp"

namespace nearfile::build {

base::AlignedBuffer plain_vertices(const graph::Adjacency& graph, unsigned threads, const StageWatch& watch) {
    const std::size_t id_bytes = opened::id_bytes(graph.count());
    const std::size_t row_bytes = graph.degree() * id_bytes;
    base::AlignedBuffer rows = base::allocate(graph.count() * row_bytes);
    run_blocks(
        "vertices", graph.count(), threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            for (std::uint32_t item = begin; item < end; ++item) {
                std::byte* to = rows.data() + item * row_bytes;
                const auto neighbors = graph.neighbors(item);
                for (const graph::ItemId each : neighbors) {
                    std::memcpy(to, &each, id_bytes);  // the lower bytes: the machine is little-endian, as the file
                    to += id_bytes;
                }
                std::memset(to, 0xff, (graph.degree() - neighbors.size()) * id_bytes);  // no_item
            }
        },
        watch);
    return rows;
}

base::AlignedBuffer sketched_vertices(const kernels::Kernels& kernels, const graph::Adjacency& graph,
                                      const QuantizedVectors& vectors, codes::SketchKind kind, unsigned threads,
                                      const StageWatch& watch) {
    const codes::SketchLayout layout(vectors.dim, graph.degree(), opened::id_bytes(graph.count()), kind);
    base::AlignedBuffer rows = base::allocate(graph.count() * layout.stride);
    run_blocks(
        "sketches", graph.count(), threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            codes::SketchWriter writer(kernels, layout);
            std::vector<float> vertex((vectors.dim + 7) / 8 * 8);
            for (std::uint32_t item = begin; item < end; ++item) {
                writer.begin(rows.data() + item * layout.stride);
                vectors.decode(item, vertex);
                for (const std::uint32_t other : graph.neighbors(item)) {
                    writer.add(other, vertex.data(), vectors.code(other), vectors.own_scale(other));
                }
                writer.finish();
            }
        },
        watch, items_a_task);
    return rows;
}

NibbleRows nibble_rows(const QuantizedVectors& vectors, unsigned threads, const StageWatch& watch) {
    const codes::NibbleLayout layout(vectors.dim);
    NibbleRows rows{base::allocate(vectors.count() * layout.stride), std::vector<codes::NibbleTail>(vectors.count())};
    run_blocks(
        "codes", vectors.count(), threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            std::vector<float> values(vectors.dim);
            for (std::uint32_t item = begin; item < end; ++item) {
                vectors.decode(item, values);
                rows.tails[item] = {codes::encode_nibbles(values, layout, rows.codes.data() + item * layout.stride),
                                    vectors.full_norms[item]};
            }
        },
        watch, items_a_task);
    return rows;
}

}  // namespace nearfile::build
