// A graph while it is built: the same number of places for every item, its neighbours first, then no_item.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "graph/distances.hpp"

namespace nearfile::graph {

inline constexpr ItemId no_item = 0xffffffffu;

class Adjacency {
public:
    Adjacency() = default;
    Adjacency(std::uint32_t count, std::uint32_t degree)
        : count_(count), degree_(degree), ids_(static_cast<std::size_t>(count) * degree, no_item) {}

    std::uint32_t count() const noexcept { return count_; }
    std::uint32_t degree() const noexcept { return degree_; }

    // All places of an item.
    std::span<const ItemId> row(ItemId item) const noexcept {
        return std::span(ids_).subspan(static_cast<std::size_t>(item) * degree_, degree_);
    }
    std::span<ItemId> row(ItemId item) noexcept {
        return std::span(ids_).subspan(static_cast<std::size_t>(item) * degree_, degree_);
    }

    // Those that are taken.
    std::span<const ItemId> neighbors(ItemId item) const noexcept {
        const auto places = row(item);
        std::size_t taken = 0;
        while (taken < places.size() && places[taken] != no_item) ++taken;
        return places.first(taken);
    }

    void prefetch(ItemId item) const noexcept {
        const ItemId* const first = row(item).data();
        for (std::size_t i = 0; i < degree_; i += 16) __builtin_prefetch(first + i);
    }

    void set(ItemId item, std::span<const ItemId> neighbors) noexcept {
        const auto places = row(item);
        std::copy(neighbors.begin(), neighbors.end(), places.begin());
        std::fill(places.begin() + static_cast<std::ptrdiff_t>(neighbors.size()), places.end(), no_item);
    }

private:
    std::uint32_t count_ = 0;
    std::uint32_t degree_ = 0;
    std::vector<ItemId> ids_;
};

}  // namespace nearfile::graph
