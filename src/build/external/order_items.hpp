// From rows to items by parts, or as an earlier run of the same build has kept it.
#pragma once

#include <functional>

#include "build/external/parts.hpp"
#include "build/external/session.hpp"

namespace nearfile::build::external {

// `code_stride`: bytes of an item's code, `degree` and `n_trees` of the graph to come: what a part will take.
struct ItemCosts {
    std::size_t code_stride;
    std::uint32_t degree;
    std::uint32_t n_trees;
};

// `with_members` sees rows, and places once `to_places` has scattered them.
template <class SplitType>
Divided<SplitType> order_items(const WithMembers<SplitType>& with_members, const Sides<SplitType>& sides,
                               const Session& session, const ItemCosts& costs, DivideOptions options,
                               const StageWatch& watch,
                               const std::function<void(std::span<const std::uint32_t> place_of_row)>& to_places);

// By item.
std::vector<std::uint32_t> row_of_item(const Division& division);

}  // namespace nearfile::build::external
