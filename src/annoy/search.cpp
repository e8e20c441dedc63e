#include "annoy/search.hpp"

#include <algorithm>

#include "annoy/gather.hpp"
#include "annoy/ordered_key.hpp"

namespace nearfile::annoy {

using kernels::ItemId;

std::vector<AnnoyNeighbor> search(const Nodes& nodes, const Checked& checked, const Query& query, std::uint64_t n,
                                  std::uint64_t wanted, Scratch& scratch) {
    gather(nodes, checked, query, wanted, scratch);
    std::vector<ItemId>& items = scratch.found;
    if (checked.finds_holes) {
        std::erase_if(items, [&](ItemId item) { return nodes.descendants(static_cast<NodeId>(item)) != 1; });
    }
    scratch.orders.resize(items.size());
    query.order_by(items, scratch.orders);

    // Annoy's order of answers; NaN, of vectors with such values, last.
    std::vector<std::uint64_t>& ranked = scratch.ranked;
    ranked.resize(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) ranked[i] = ordered_key(scratch.orders[i], items[i]);
    const std::size_t n_returned = static_cast<std::size_t>(std::min<std::uint64_t>(n, ranked.size()));
    std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(n_returned), ranked.end());
    std::vector<AnnoyNeighbor> answer(n_returned);
    std::transform(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(n_returned), answer.begin(),
                   [&](std::uint64_t key) {
                       return AnnoyNeighbor{static_cast<std::int32_t>(number_of_key(key)),
                                            query.returned(value_of_key(key))};
                   });
    return answer;
}

}  // namespace nearfile::annoy
