// A graph while it is built: the same number of places for every item, its neighbours first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/aligned_buffer.hpp"
#include "base/release.hpp"
#include "graph/distances.hpp"
#include "kernels/prefetch.hpp"

namespace nearfile::graph {

inline constexpr ItemId no_item = 0xffffffffu;

class Adjacency {
public:
    Adjacency() = default;
    Adjacency(std::uint32_t count, std::uint32_t degree)
        : count_(count),
          degree_(degree),
          rows_(base::allocate(static_cast<std::size_t>(count) * (degree + 1) * sizeof(ItemId))) {}
    Adjacency(Adjacency&&) noexcept = default;
    Adjacency& operator=(Adjacency&&) noexcept = default;
    Adjacency(const Adjacency& other) : Adjacency(other.count_, other.degree_) {
        if (count_ > 0) std::memcpy(rows_.data(), other.rows_.data(), rows_.size());
    }
    Adjacency& operator=(const Adjacency&) = delete;
    ~Adjacency() = default;

    std::uint32_t count() const noexcept { return count_; }
    std::uint32_t degree() const noexcept { return degree_; }

    std::span<const ItemId> neighbors(ItemId item) const noexcept {
        const ItemId* const first = row(item);
        return {first + 1, *first};
    }

    void prefetch(ItemId item) const noexcept {
        const ItemId* const first = row(item);
        for (std::size_t i = 0; i <= degree_; i += 16) kernels::prefetch(first + i);
    }

    void set(ItemId item, std::span<const ItemId> neighbors) noexcept {
        ItemId* const first = row(item);
        *first = static_cast<ItemId>(neighbors.size());
        std::copy(neighbors.begin(), neighbors.end(), first + 1);
    }

    bool has_place(ItemId item) const noexcept { return *row(item) < degree_; }

    // In the place of its last neighbour where none is free.
    void add(ItemId item, ItemId neighbor) noexcept {
        ItemId* const first = row(item);
        *first = std::min(*first + 1, degree_);
        first[*first] = neighbor;
    }

    // Gives the neighbours of items from `begin` up to, and without, `end` back to the system; nobody asks for them
    // again.
    void release(ItemId begin, ItemId end) noexcept {
        const std::size_t row_bytes = (degree_ + 1) * sizeof(ItemId);
        base::release_pages(rows_.bytes().subspan(begin * row_bytes, (end - begin) * row_bytes));
    }

    // All that is known of items begin to end - 1, to be kept and brought back as it is.
    std::span<std::byte> rows(ItemId begin, ItemId end) noexcept {
        const std::size_t stride = (degree_ + 1) * sizeof(ItemId);
        return rows_.bytes().subspan(begin * stride, (end - begin) * stride);
    }

private:
    // How many there are, then what they are. Zeros, of which the system gives pages without a write, are none.
    const ItemId* row(ItemId item) const noexcept {
        return rows_.as<const ItemId>().data() + static_cast<std::size_t>(item) * (degree_ + 1);
    }
    ItemId* row(ItemId item) noexcept {
        return rows_.as<ItemId>().data() + static_cast<std::size_t>(item) * (degree_ + 1);
    }

    std::uint32_t count_ = 0;
    std::uint32_t degree_ = 0;
    base::AlignedBuffer rows_;
};

}  // namespace nearfile::graph
