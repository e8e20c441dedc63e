#include "build/vertices.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "build/edges.hpp"
#include "build/stages.hpp"
#include "codes/nibble.hpp"

namespace nearfile::build {

base::AlignedBuffer plain_vertices(const graph::Adjacency& graph, bool short_ids) {
    const std::size_t id_bytes = short_ids ? 3 : sizeof(graph::ItemId);
    base::AlignedBuffer rows = base::allocate(static_cast<std::size_t>(graph.count()) * graph.degree() * id_bytes);
    std::byte* to = rows.data();
    for (std::uint32_t item = 0; item < graph.count(); ++item) {
        for (const graph::ItemId each : graph.row(item)) {
            std::memcpy(to, &each, id_bytes);  // the lower bytes: the machine is little-endian, as the file
            to += id_bytes;
        }
    }
    return rows;
}

base::AlignedBuffer sketched_vertices(const kernels::Kernels& kernels, const graph::Adjacency& graph,
                                      const QuantizedVectors& vectors, codes::SketchKind kind, unsigned threads,
                                      const StageWatch& watch) {
    const codes::SketchLayout layout(vectors.dim, graph.degree());
    base::AlignedBuffer rows = base::allocate(graph.count() * layout.stride);
    const codes::SketchWriter writer(kernels, layout, kind);
    run_blocks(
        "sketches", graph.count(), threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            std::vector<float> vertex((vectors.dim + 7) / 8 * 8);
            for (std::uint32_t item = begin; item < end; ++item) {
                std::byte* row = rows.data() + item * layout.stride;
                writer.clear(row);
                vectors.decode(item, vertex);
                const auto neighbors = graph.neighbors(item);
                for (std::size_t place = 0; place < neighbors.size(); ++place) {
                    const std::uint32_t other = neighbors[place];
                    writer.add(row, place, other, vertex.data(), vectors.code(other), vectors.own_scale(other));
                }
            }
        },
        watch, items_a_task);
    return rows;
}

base::AlignedBuffer nibble_rows(const QuantizedVectors& vectors, unsigned threads, const StageWatch& watch) {
    const codes::NibbleLayout layout(vectors.dim);
    base::AlignedBuffer rows = base::allocate(vectors.count() * layout.stride);
    run_blocks(
        "codes", vectors.count(), threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            std::vector<float> values(vectors.dim);
            for (std::uint32_t item = begin; item < end; ++item) {
                vectors.decode(item, values);
                codes::encode_nibbles(values, vectors.full_norms[item], layout, rows.data() + item * layout.stride);
            }
        },
        watch, items_a_task);
    return rows;
}

}  // namespace nearfile::build
