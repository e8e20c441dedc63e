// The queries of a batch in the order of the leaves that they fall into: two that follow each other walk through much
// the same vertices, which are in cache then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "opened/state.hpp"
#include "search/scorer.hpp"

namespace nearfile::search {

class LeafOrder {
public:
    // Fewer are searched as they come.
    static constexpr std::size_t least = 64;

    // Whether queries begin in a leaf, by what SeenQuery holds.
    static bool serves(const Index::State& state) noexcept { return state.graph && state.graph->has_nibbles(); }

    LeafOrder(const Index::State& state, std::span<const float> queries, unsigned threads);

    std::size_t size() const noexcept { return order_.size(); }
    // Which query comes at this place, and what is known of it.
    std::uint32_t operator[](std::size_t place) const noexcept { return order_[place]; }
    const SeenQuery& seen(std::uint32_t query) const noexcept { return seen_[query]; }

private:
    std::vector<SeenQuery> seen_;
    std::vector<std::uint32_t> order_;
};

}  // namespace nearfile::search
