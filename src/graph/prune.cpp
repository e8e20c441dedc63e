#include "graph/prune.hpp"

namespace nearfile::graph {

std::span<const RowId> Pruner::keep(std::span<const Candidate> candidates, std::size_t most) {
    kept_.clear();
    left_.assign(candidates.begin(), candidates.end());
    // Each kept one is measured against all that are left at once, and those it occludes go.
    while (!left_.empty() && kept_.size() < most) {
        const RowId next = item_of(left_.front());
        kept_.push_back(next);
        ids_.clear();
        for (std::size_t i = 1; i < left_.size(); ++i) ids_.push_back(item_of(left_[i]));
        to_kept_.resize(ids_.size());
        distances_.from(next, ids_, to_kept_.data());
        std::size_t n_left = 0;
        for (std::size_t i = 1; i < left_.size(); ++i) {
            const Candidate each = left_[i];
            left_[n_left] = each;
            n_left += to_kept_[i - 1] * alpha_ < distance_of(each) ? 0 : 1;
        }
        left_.resize(n_left);
    }
    return kept_;
}

}  // namespace nearfile::graph
