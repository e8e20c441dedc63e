#include "build/vertices.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "build/edges.hpp"
#include "build/stages.hpp"
#include "codes/nibble.hpp"

namespace nearfile::build {
namespace {

// No factor of a sketch is more than the distance of two points, which is at most twice the longest.
float scale_for_longest(const QuantizedVectors& points) {
    constexpr float wanted = 32768.0f;
    double longest = 0;
    for (std::uint32_t item = 0; item < points.count(); ++item) {
        if (points.scales[item] == 0) continue;
        longest = std::max(longest, static_cast<double>(points.own_scale(item)) / points.scales[item]);
    }
    return longest > 1e-30 ? static_cast<float>(wanted / (2 * longest)) : 1.0f;
}

// Half precision reaches 65,504; leave room for what no sampled edge had.
float choose_scale(const kernels::Kernels& kernels, const graph::Adjacency& graph, const QuantizedVectors& points,
                   codes::SketchKind kind) {
    if (kind == codes::SketchKind::inner_product) return scale_for_longest(points);
    constexpr float wanted = 1024.0f;
    const QuantizedDistances distances(kernels, points);
    const std::uint32_t step = std::max(1u, graph.count() / 65536);
    float largest = 0;
    std::vector<float> to_neighbors(graph.degree());
    for (std::uint32_t item = 0; item < graph.count(); item += step) {
        const auto neighbors = graph.neighbors(item);
        distances.from(item, neighbors, to_neighbors.data());
        for (std::size_t i = 0; i < neighbors.size(); ++i) largest = std::max(largest, to_neighbors[i]);
    }
    return largest > 1e-30f ? wanted / largest : 1.0f;
}

}  // namespace

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

SketchedVertices sketched_vertices(const kernels::Kernels& kernels, const graph::Adjacency& graph,
                                   const QuantizedVectors& points, codes::SketchKind kind, unsigned threads,
                                   const StageWatch& watch) {
    const codes::SketchLayout layout(points.dim, graph.degree());
    SketchedVertices vertices{base::allocate(graph.count() * layout.stride),
                              choose_scale(kernels, graph, points, kind)};
    const codes::SketchWriter writer(kernels, layout, kind, vertices.scale);
    run_blocks(
        "sketches", graph.count(), threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            std::vector<float> vertex((points.dim + 7) / 8 * 8);
            for (std::uint32_t item = begin; item < end; ++item) {
                std::byte* row = vertices.rows.data() + item * layout.stride;
                writer.clear(row);
                points.decode(item, vertex);
                const auto neighbors = graph.neighbors(item);
                for (std::size_t place = 0; place < neighbors.size(); ++place) {
                    const std::uint32_t other = neighbors[place];
                    writer.add(row, place, other, vertex.data(), points.code(other), points.own_scale(other));
                }
            }
        },
        watch, items_a_task);
    return vertices;
}

base::AlignedBuffer nibble_rows(const QuantizedVectors& points, unsigned threads, const StageWatch& watch) {
    const codes::NibbleLayout layout(points.dim);
    base::AlignedBuffer rows = base::allocate(points.count() * layout.stride);
    run_blocks(
        "codes", points.count(), threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            std::vector<float> values(points.dim);
            for (std::uint32_t item = begin; item < end; ++item) {
                points.decode(item, values);
                codes::encode_nibbles(values, points.full_norms[item], layout, rows.data() + item * layout.stride);
            }
        },
        watch, items_a_task);
    return rows;
}

}  // namespace nearfile::build
