#include "graph/prune.hpp"

namespace nearfile::graph {
namespace {

constexpr float occluded = -1;

}  // namespace

// Of those from a place on, the ones that are left move up to the first places.
void Pruner::close_ranks(std::size_t from) {
    places_.clear();
    for (std::size_t i = from; i < distances_to_.size(); ++i) {
        if (distances_to_[i] == occluded) continue;
        ids_[places_.size()] = ids_[i];
        distances_to_[places_.size()] = distances_to_[i];
        places_.push_back(static_cast<std::uint32_t>(i));
    }
    ids_.resize(places_.size());
    distances_to_.resize(places_.size());
    packed_->keep(places_);
}

std::span<const ItemId> Pruner::keep(std::span<const Candidate> candidates, std::size_t most) {
    ids_.clear();
    distances_to_.clear();
    kept_.clear();
    for (const Candidate each : candidates) {
        ids_.push_back(item_of(each));
        distances_to_.push_back(distance_of(each));
    }
    packed_->take(ids_);
    to_kept_.resize(ids_.size());
    // From what is a duplicate of both, nothing is nearer to a kept duplicate than to the item itself.
    const float least = spreads_duplicates_ ? 0.0f : -1.0f;
    for (std::size_t next = 0; next < ids_.size() && kept_.size() < most; ++next) {
        if (distances_to_[next] == occluded) continue;
        kept_.push_back(ids_[next]);
        // Measured against all that follow at once; those that it occludes are marked, and where they have become many
        // the others move together.
        const std::size_t n = ids_.size() - next - 1;
        packed_->onwards(static_cast<std::uint32_t>(next), to_kept_.data());
        float* const left = distances_to_.data() + next + 1;
        std::uint32_t n_occluded = 0;
        for (std::size_t i = 0; i < n; ++i) {
            left[i] = to_kept_[i] * alpha_ < left[i] || to_kept_[i] <= least ? occluded : left[i];
            n_occluded += left[i] < 0 ? 1 : 0;
        }
        if (n_occluded * 4 > n) {
            close_ranks(next + 1);
            next = static_cast<std::size_t>(-1);
        }
    }
    return kept_;
}

}  // namespace nearfile::graph
