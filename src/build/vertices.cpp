#include "build/vertices.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "build/edges.hpp"
#include "build/stages.hpp"
#include "codes/nibble.hpp"
#include "codes/split.hpp"
#include "graph/sorted_row.hpp"
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

base::AlignedBuffer sorted_vertices(const graph::Adjacency& graph, unsigned threads, const StageWatch& watch) {
    const graph::SortedRowLayout layout(graph.count(), graph.degree());
    base::AlignedBuffer rows = base::allocate(graph.count() * layout.stride);
    run_blocks(
        "vertices", graph.count(), threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            std::vector<graph::ItemId> ascending;
            for (std::uint32_t item = begin; item < end; ++item) {
                const auto neighbors = graph.neighbors(item);
                ascending.assign(neighbors.begin(), neighbors.end());
                std::ranges::sort(ascending);
                layout.write(ascending, rows.data() + item * layout.stride);
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

SplitRows split_rows(const QuantizedVectors& vectors, unsigned threads, const StageWatch& watch) {
    const codes::NibbleLayout layout(vectors.dim);
    const std::size_t bytes = vectors.count() * layout.stride;
    SplitRows rows{{base::allocate(bytes), std::vector<codes::NibbleTail>(vectors.count())}, base::allocate(bytes)};
    run_blocks(
        "codes", vectors.count(), threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            for (std::size_t item = begin; item < end; ++item) {
                const std::int8_t* code = vectors.code(static_cast<std::uint32_t>(item));
                const QuantizedVectors::Tail& tail = vectors.tail(static_cast<std::uint32_t>(item));
                codes::split_code(code, layout, rows.upper.codes.data() + item * layout.stride,
                                  rows.lower.data() + item * layout.stride);
                // Only what has no direction has a length without a code.
                const bool coded = std::any_of(code, code + vectors.dim, [](std::int8_t each) { return each != 0; });
                const bool has_direction = coded || tail.squared_norm == 0;
                rows.upper.tails[item] = {has_direction ? 16 * tail.scale : 0.0f, tail.squared_norm};
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
