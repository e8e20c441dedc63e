#include "graph/prune.hpp"

#include <limits>

namespace nearfile::graph {
namespace {

constexpr float none_kept = std::numeric_limits<float>::infinity();
constexpr float decided = -1;  // nearer than anything

}  // namespace

Pruner::Pruner(const Distances& distances, std::span<const float> alphas)
    : packed_(distances.packed()), spreads_duplicates_(distances.spreads_duplicates()) {
    for (const float alpha : alphas) alphas_.push_back(distances.scaled(alpha));
}

void Pruner::take(std::span<const Candidate> candidates) {
    ids_.clear();
    distances_to_.clear();
    for (const Candidate each : candidates) {
        ids_.push_back(item_of(each));
        distances_to_.push_back(distance_of(each));
    }
    packed_->take(ids_);
    to_nearest_kept_.assign(ids_.size(), none_kept);
    to_kept_.resize(ids_.size());
}

// Measures what is kept against all that follow at once. Returns how many of them no alpha will let in any more.
std::size_t Pruner::occlude_behind(std::size_t place) {
    const std::size_t n = ids_.size() - place - 1;
    packed_->onwards(static_cast<std::uint32_t>(place), to_kept_.data());
    const float* const to_item = distances_to_.data() + place + 1;
    const float* const to_kept = to_kept_.data();
    float* const to_nearest = to_nearest_kept_.data() + place + 1;
    // From what is a duplicate of both, nothing is nearer to a kept duplicate than to the item itself.
    const float least = spreads_duplicates_ ? 0.0f : -1.0f;
    const float last = alphas_.back();
    std::uint32_t n_occluded = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const float to = to_kept[i] > least ? to_kept[i] : decided;
        to_nearest[i] = to < to_nearest[i] ? to : to_nearest[i];
        n_occluded += to_nearest[i] * last < to_item[i] ? 1 : 0;
    }
    return n_occluded;
}

// Those that an alpha may let in yet move together. Returns the place of the first of them after `place`.
std::size_t Pruner::close_ranks(std::size_t place) {
    places_.clear();
    std::size_t next = 0;
    for (std::size_t i = 0; i < ids_.size(); ++i) {
        if (i == place + 1) next = places_.size();
        if (to_nearest_kept_[i] * alphas_.back() < distances_to_[i]) continue;
        ids_[places_.size()] = ids_[i];
        distances_to_[places_.size()] = distances_to_[i];
        to_nearest_kept_[places_.size()] = to_nearest_kept_[i];
        places_.push_back(static_cast<std::uint32_t>(i));
    }
    ids_.resize(places_.size());
    packed_->keep(places_);
    return next;
}

std::span<const ItemId> Pruner::keep(std::span<const Candidate> candidates, std::size_t most) {
    take(candidates);
    kept_.clear();
    for (const float alpha : alphas_) {
        for (std::size_t next = 0; next < ids_.size() && kept_.size() < most;) {
            const std::size_t place = next++;
            if (to_nearest_kept_[place] * alpha < distances_to_[place]) continue;
            kept_.push_back(ids_[place]);
            to_nearest_kept_[place] = decided;
            const std::size_t n_occluded = occlude_behind(place);
            if (n_occluded * 2 > ids_.size() - next) next = close_ranks(place);
        }
    }
    return kept_;
}

}  // namespace nearfile::graph
