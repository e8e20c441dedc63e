// The graph of an index as it lies in the file: the rows of its vertices, and what walks read of items.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "codes/nibble.hpp"
#include "codes/sketch.hpp"
#include "graph/distances.hpp"
#include "graph/sorted_row.hpp"
#include "kernels/prefetch.hpp"
#include "nearfile/types.hpp"

namespace nearfile::opened {

inline void prefetch_lines(const std::byte* row, std::size_t bytes) noexcept {
    for (std::size_t i = 0; i < bytes; i += 64) kernels::prefetch(row + i);
}

// Rows are not aligned to lines: the last byte may lie in one more.
inline void prefetch_row(std::span<const std::byte> rows, std::size_t stride, graph::ItemId item) noexcept {
    const std::byte* row = rows.data() + item * stride;
    prefetch_lines(row, stride);
    kernels::prefetch(row + stride - 1);
}

inline codes::SketchKind sketch_kind(Metric metric) noexcept {
    return metric == Metric::dot ? codes::SketchKind::inner_product : codes::SketchKind::squared_distance;
}

// The graph as it lies in the file. Vertices are items, in the order of the leaves of the first tree.
struct GraphView {
    std::span<const std::byte> vertices;
    std::size_t degree = 0;
    std::size_t stride = 0;                        // of a vertex
    std::size_t id_bytes = sizeof(graph::ItemId);  // of a neighbour
    std::optional<codes::SketchLayout> sketches;   // where vertices have them
    std::optional<graph::SortedRowLayout> sorted;  // where these are
    codes::NibbleLayout nibble_layout{0};          // of no blocks where there are no 4-bit codes
    std::span<const std::byte> nibbles;
    std::span<const codes::NibbleTail> nibble_tails;
    std::span<const std::byte> codes;  // where vertices have no sketches: what walks read instead
    std::size_t code_stride = 0;
    std::span<const std::uint32_t> row_of_item;  // rows are in the order of adding
    std::span<const std::uint32_t> item_of_row;

    void prefetch_vertex(graph::ItemId vertex) const noexcept { prefetch_row(vertices, stride, vertex); }

    bool has_nibbles() const noexcept { return nibble_layout.blocks > 0; }
    void prefetch_nibbles(graph::ItemId item) const noexcept {
        prefetch_lines(nibbles.data() + item * nibble_layout.stride, nibble_layout.stride);
        kernels::prefetch(&nibble_tails[item]);
    }

    const std::byte* vertex(graph::ItemId item) const noexcept { return vertices.data() + item * stride; }

    // What stands in a place of a vertex that is not sorted; no item of the index where none is there.
    graph::ItemId neighbor(graph::ItemId item, std::size_t place) const noexcept {
        const std::byte* at = vertex(item) + (sketches ? sketches->ids : 0) + place * id_bytes;
        graph::ItemId id = 0;
        std::memcpy(&id, at, id_bytes);
        return id;
    }

    // Those that are below `count`, at most `degree`; returns how many.
    std::size_t neighbors(graph::ItemId item, std::uint32_t count, graph::ItemId* ids) const noexcept {
        const std::size_t all = sorted ? sorted->read(vertex(item), ids) : degree;
        std::size_t n = 0;
        for (std::size_t place = 0; place < all; ++place) {
            const graph::ItemId id = sorted ? ids[place] : neighbor(item, place);
            ids[n] = id;
            n += id < count ? 1 : 0;
        }
        return n;
    }
};

}  // namespace nearfile::opened
