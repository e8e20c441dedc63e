#include "graph/leaves.hpp"

#include <algorithm>

namespace nearfile::graph {

void LeafProducts::offer(std::span<const RowId> leaf, CandidateLists& lists) {
    row_.resize(leaf.size());
    near_.resize(leaf.size());
    for (std::size_t i = 0; i < leaf.size(); ++i) {
        const RowId item = leaf[i];
        distances_.from(item, leaf, row_.data());
        const Candidate limit = lists.limit(item);
        const float farthest = limit == no_candidate ? 3.4e38f : distance_of(limit);
        std::size_t n_near = 0;
        for (std::size_t j = 0; j < leaf.size(); ++j) {
            near_[n_near] = candidate(row_[j], leaf[j]);
            n_near += row_[j] <= farthest && j != i ? 1 : 0;
        }
        const auto first = near_.begin();
        if (n_near > best_) {
            std::nth_element(first, first + best_, first + static_cast<std::ptrdiff_t>(n_near));
            n_near = best_;
        }
        lists.add(item, {near_.data(), n_near});
    }
}

}  // namespace nearfile::graph
