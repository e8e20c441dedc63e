#include "build/vertices.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "build/edges.hpp"
#include "codes/nibble.hpp"
#include "codes/split.hpp"
#include "graph/sorted_row.hpp"
#include "opened/description.hpp"

namespace nearfile::build {
namespace {

constexpr std::size_t codes_ahead = 6;  // of those that are read by number, how many are fetched

}  // namespace

RowSource plain_vertices(const graph::Adjacency& graph) {
    const std::size_t id_bytes = opened::id_bytes(graph.count());
    const std::size_t row_bytes = graph.degree() * id_bytes;
    return {"vertices", graph.count(), row_bytes,
            [&graph, id_bytes, row_bytes](std::uint32_t begin, std::uint32_t end, std::byte* out) {
                for (std::uint32_t item = begin; item < end; ++item, out += row_bytes) {
                    std::byte* to = out;
                    const auto neighbors = graph.neighbors(item);
                    for (const graph::ItemId each : neighbors) {
                        std::memcpy(to, &each, id_bytes);  // the lower bytes: little-endian, as the file
                        to += id_bytes;
                    }
                    std::memset(to, 0xff, (graph.degree() - neighbors.size()) * id_bytes);  // no_item
                }
            }};
}

RowSource sorted_vertices(const graph::Adjacency& graph) {
    const graph::SortedRowLayout layout(graph.count(), graph.degree());
    return {"vertices", graph.count(), layout.stride,
            [&graph, layout](std::uint32_t begin, std::uint32_t end, std::byte* out) {
                std::vector<graph::ItemId> ascending;
                for (std::uint32_t item = begin; item < end; ++item, out += layout.stride) {
                    const auto neighbors = graph.neighbors(item);
                    ascending.assign(neighbors.begin(), neighbors.end());
                    std::ranges::sort(ascending);
                    layout.write(ascending, out);
                }
            }};
}

RowSource sketched_vertices(const kernels::Kernels& kernels, const graph::Adjacency& graph,
                            const QuantizedVectors& vectors, std::size_t sketch_dim, codes::SketchKind kind) {
    const codes::SketchLayout layout(sketch_dim, graph.degree(), opened::id_bytes(graph.count()), kind);
    return {"sketches", graph.count(), layout.stride,
            [&kernels, &graph, &vectors, layout](std::uint32_t begin, std::uint32_t end, std::byte* out) {
                codes::SketchWriter writer(kernels, layout, vectors.dim);
                std::vector<float> vertex((vectors.dim + 7) / 8 * 8);
                for (std::uint32_t item = begin; item < end; ++item, out += layout.stride) {
                    writer.begin(out);
                    vectors.decode(item, vertex);
                    const auto neighbors = graph.neighbors(item);
                    for (std::size_t i = 0; i < neighbors.size(); ++i) {
                        if (i + codes_ahead < neighbors.size()) vectors.prefetch(neighbors[i + codes_ahead]);
                        const graph::ItemId other = neighbors[i];
                        writer.add(other, vertex.data(), vectors.code(other), vectors.own_scale(other));
                    }
                    writer.finish();
                }
            },
            items_a_task};
}

RowSource nibble_rows(const QuantizedVectors& vectors, std::span<codes::NibbleTail> tails) {
    const codes::NibbleLayout layout(vectors.dim);
    return {"codes", vectors.count(), layout.stride,
            [&vectors, tails, layout](std::uint32_t begin, std::uint32_t end, std::byte* out) {
                std::vector<float> values(vectors.dim);
                for (std::uint32_t item = begin; item < end; ++item, out += layout.stride) {
                    vectors.decode(item, values);
                    tails[item] = {codes::encode_nibbles(values, layout, out), vectors.full_norms[item]};
                }
            },
            items_a_task};
}

RowSource upper_halves(const QuantizedVectors& vectors, std::span<codes::NibbleTail> tails) {
    const codes::NibbleLayout layout(vectors.dim);
    return {"codes", vectors.count(), layout.stride,
            [&vectors, tails, layout](std::uint32_t begin, std::uint32_t end, std::byte* out) {
                std::vector<std::byte> lower(layout.stride);
                for (std::uint32_t item = begin; item < end; ++item, out += layout.stride) {
                    std::ranges::fill(lower, std::byte{0});
                    const std::int8_t* code = vectors.code(item);
                    const QuantizedVectors::Tail& tail = vectors.tail(item);
                    codes::split_code(code, layout, out, lower.data());
                    // Only what has no direction has a length without a code.
                    const bool coded =
                        std::any_of(code, code + vectors.dim, [](std::int8_t each) { return each != 0; });
                    const bool has_direction = coded || tail.squared_norm == 0;
                    tails[item] = {has_direction ? 16 * tail.scale : 0.0f, tail.squared_norm};
                }
            },
            items_a_task};
}

RowSource lower_halves(const QuantizedVectors& vectors) {
    const codes::NibbleLayout layout(vectors.dim);
    return {"codes", vectors.count(), layout.stride,
            [&vectors, layout](std::uint32_t begin, std::uint32_t end, std::byte* out) {
                std::vector<std::byte> upper(layout.stride);
                for (std::uint32_t item = begin; item < end; ++item, out += layout.stride) {
                    std::ranges::fill(upper, std::byte{0});
                    codes::split_code(vectors.code(item), layout, upper.data(), out);
                }
            },
            items_a_task};
}

}  // namespace nearfile::build
