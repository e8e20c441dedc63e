// The nearest others of items: searches whose queries are in the index already, so that a walk begins at the item
// itself and not in a leaf.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "opened/state.hpp"
#include "search/exact_batch.hpp"

namespace nearfile::search {

// How much such a search does: the effort of a walk, or candidates of a forest; `every_item`: looks at all.
using Budget = std::uint32_t;

// The budget whose searches find this share of the k nearest others, less the standard error, of items from everywhere,
// whose exact neighbours are found for it. k is above zero and below the number of items.
Budget budget_for_items(const Index::State& state, std::size_t k, float recall, unsigned threads,
                        const BatchWatch& watch);

// The k nearest others of some items in sequence, k of `out` for each: nearest first, ties by smaller id, by row, with
// the user's distances.
void item_neighbors(const Index::State& state, codes::ItemId first, std::size_t n, std::size_t k, Budget budget,
                    std::span<Neighbor> out);

// The same of any items by a look at all items. False where `watch` stopped it.
bool item_neighbors_exactly(const Index::State& state, std::span<const codes::ItemId> items, std::size_t k,
                            unsigned threads, std::span<Neighbor> out, const BatchWatch& watch);

}  // namespace nearfile::search
