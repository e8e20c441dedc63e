#include "graph/prune.hpp"

namespace nearfile::graph {
namespace {

constexpr float occluded = -1;

}  // namespace

// Of those from a place on, the ones that are left move up to the first places.
void Pruner::close_ranks(std::size_t from) {
    places_.clear();
    for (std::size_t i = from; i < far_.size(); ++i) {
        if (far_[i] == occluded) continue;
        ids_[places_.size()] = ids_[i];
        far_[places_.size()] = far_[i];
        places_.push_back(static_cast<std::uint32_t>(i));
    }
    ids_.resize(places_.size());
    far_.resize(places_.size());
    gathering_->keep(places_);
}

std::span<const RowId> Pruner::keep(std::span<const Candidate> candidates, std::size_t most) {
    ids_.clear();
    far_.clear();
    kept_.clear();
    for (const Candidate each : candidates) {
        ids_.push_back(item_of(each));
        far_.push_back(distance_of(each));
    }
    gathering_->take(ids_);
    to_kept_.resize(ids_.size());
    // From a copy of both, nothing is nearer to a kept copy than to the item itself.
    const float least = copies_apart_ ? 0.0f : -1.0f;
    for (std::size_t next = 0; next < ids_.size() && kept_.size() < most; ++next) {
        if (far_[next] == occluded) continue;
        kept_.push_back(ids_[next]);
        // Measured against all that follow at once; those that it occludes are marked, and where they have become many
        // the others move together.
        const std::size_t n = ids_.size() - next - 1;
        gathering_->onwards(static_cast<std::uint32_t>(next), to_kept_.data());
        float* const far = far_.data() + next + 1;
        std::uint32_t n_occluded = 0;
        for (std::size_t i = 0; i < n; ++i) {
            far[i] = to_kept_[i] * alpha_ < far[i] || to_kept_[i] <= least ? occluded : far[i];
            n_occluded += far[i] < 0 ? 1 : 0;
        }
        if (n_occluded * 4 > n) {
            close_ranks(next + 1);
            next = static_cast<std::size_t>(-1);
        }
    }
    return kept_;
}

}  // namespace nearfile::graph
