#include "graph/prune.hpp"

namespace nearfile::graph {

std::span<const RowId> Pruner::keep(std::span<const Candidate> candidates, std::size_t most) {
    ids_.clear();
    far_.clear();
    left_.clear();
    kept_.clear();
    for (const Candidate each : candidates) {
        left_.push_back(static_cast<std::uint32_t>(ids_.size()));
        ids_.push_back(item_of(each));
        far_.push_back(distance_of(each));
    }
    gathering_->take(ids_);
    to_kept_.resize(ids_.size());
    // Each kept one is measured against all that are left at once, and those it occludes go.
    while (!left_.empty() && kept_.size() < most) {
        const std::uint32_t next = left_.front();
        kept_.push_back(ids_[next]);
        const auto others = std::span(left_).subspan(1);
        gathering_->from(next, others, to_kept_.data());
        std::size_t n_left = 0;
        for (std::size_t i = 0; i < others.size(); ++i) {
            const std::uint32_t place = others[i];
            left_[n_left] = place;
            // From a copy of both, nothing is nearer to a kept copy than to the item itself.
            const bool copy = copies_apart_ && !(to_kept_[i] > 0);
            n_left += copy || to_kept_[i] * alpha_ < far_[place] ? 0 : 1;
        }
        left_.resize(n_left);
    }
    return kept_;
}

}  // namespace nearfile::graph
