// The nodes of a mapped file, read in place. A view: whoever holds it keeps the mapping alive. Numbers of nodes are not
// checked here; validate() has shown that those which a file gives are in range. Another process may write into the
// map, so what is read is a new number every time: whoever checks one keeps it.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "annoy/layout.hpp"
#include "base/once.hpp"
#include "kernels/prefetch.hpp"

namespace nearfile::annoy {

// Annoy writes numbers in the order of its host, and no big-endian one is known to have written files.
static_assert(std::endian::native == std::endian::little);

// Items and nodes share one numbering; items come first.
using NodeId = std::int32_t;

class Nodes {
public:
    // `bytes` starts at a multiple of 8.
    Nodes(std::span<const std::byte> bytes, const Layout& layout)
        : data_(bytes.data()), count_(bytes.size() / layout.node_bytes), layout_(layout) {}

    const Layout& layout() const noexcept { return layout_; }
    std::size_t count() const noexcept { return count_; }

    std::int32_t descendants(NodeId node) const noexcept { return base::read_once<std::int32_t>(at(node)); }
    NodeId child(NodeId node, int side) const noexcept {
        return base::read_once<NodeId>(at(node) + layout_.children_at + side * sizeof(NodeId));
    }
    // Of a leaf; position < leaf_capacity.
    NodeId leaf_item(NodeId node, std::int32_t position) const noexcept {
        return base::read_once<NodeId>(at(node) + layout_.children_at +
                                       static_cast<std::size_t>(position) * sizeof(NodeId));
    }
    // The plane offset of euclidean and manhattan, the dot factor of dot.
    float extra(NodeId node) const noexcept {
        float value;
        std::memcpy(&value, at(node) + layout_.extra_at, sizeof value);
        return value;
    }

    // Every float layout has a vector at a multiple of 4, and row i is this plus i times the size of a node.
    const float* floats(NodeId node = 0) const noexcept {
        return reinterpret_cast<const float*>(at(node) + layout_.vector_at);
    }
    // Not aligned in the packed layout.
    const std::byte* words(NodeId node = 0) const noexcept { return at(node) + layout_.vector_at; }
    bool words_aligned() const noexcept {
        return layout_.vector_at % sizeof(std::uint64_t) == 0 && layout_.node_bytes % sizeof(std::uint64_t) == 0;
    }
    // A hamming split keeps the number of the bit that it divides by where a vector has its first word.
    std::uint64_t split_bit(NodeId node) const noexcept { return base::read_once<std::uint64_t>(words(node)); }

    // How many cache lines hold what is read of a split: the bit of a hamming plane stands near its children.
    std::size_t vector_lines() const noexcept {
        return layout_.words > 0 ? 1 : std::min<std::size_t>(layout_.node_bytes / line + 1, most_lines);
    }
    // Always inline: out of line, GCC takes functions that only prefetch for pure ones and deletes the calls.
    [[gnu::always_inline]] void prefetch(NodeId node, std::size_t lines) const noexcept {
        for (std::size_t i = 0; i < lines; ++i) kernels::prefetch(at(node) + i * line);
    }

    std::span<const std::byte> node_bytes(NodeId node) const noexcept { return {at(node), layout_.node_bytes}; }

private:
    static constexpr std::size_t line = 64;
    static constexpr std::size_t most_lines = 16;  // after as many the hardware foresees what follows

    const std::byte* at(NodeId node) const noexcept {
        return data_ + static_cast<std::size_t>(node) * layout_.node_bytes;
    }
    const std::byte* data_;
    std::size_t count_;
    Layout layout_;
};

}  // namespace nearfile::annoy
