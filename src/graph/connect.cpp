#include "graph/connect.hpp"

#include <algorithm>

namespace nearfile::graph {
namespace {

// Of the many that point at a hub only the nearest are worth pruning among.
constexpr std::size_t most_joined = 4;

}  // namespace

Reversed::Reversed(const Adjacency& graph) : starts_(static_cast<std::size_t>(graph.count()) + 1) {
    const std::uint32_t count = graph.count();
    for (RowId item = 0; item < count; ++item) {
        for (const RowId neighbor : graph.neighbors(item)) ++starts_[neighbor + 1];
    }
    for (std::size_t i = 0; i < count; ++i) starts_[i + 1] += starts_[i];
    sources_.resize(starts_[count]);
    std::vector<std::uint64_t> next(starts_.begin(), starts_.end() - 1);
    for (RowId item = 0; item < count; ++item) {
        for (const RowId neighbor : graph.neighbors(item)) sources_[next[neighbor]++] = item;
    }
}

void ReverseJoiner::join(RowId item, Adjacency& to) {
    const auto own = from_.neighbors(item);
    const auto sources = reversed_.sources(item);
    ids_.assign(own.begin(), own.end());
    ids_.insert(ids_.end(), sources.begin(), sources.end());
    std::sort(ids_.begin(), ids_.end());
    ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
    if (ids_.size() <= to.degree()) {
        to.set(item, ids_);
        return;
    }
    far_.resize(ids_.size());
    distances_.from(item, ids_, far_.data());
    candidates_.clear();
    for (std::size_t i = 0; i < ids_.size(); ++i) candidates_.push_back(candidate(far_[i], ids_[i]));
    const std::size_t most = most_joined * to.degree();
    if (candidates_.size() > most) {
        std::nth_element(candidates_.begin(), candidates_.begin() + static_cast<std::ptrdiff_t>(most), candidates_.end());
        candidates_.resize(most);
    }
    std::sort(candidates_.begin(), candidates_.end());
    to.set(item, pruner_.keep(candidates_, to.degree()));
}

std::vector<RowId> nearest(const Distances& distances, RowId item, std::span<const RowId> some, std::size_t most) {
    std::vector<float> far(some.size());
    distances.from(item, some, far.data());
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < some.size(); ++i) candidates.push_back(candidate(far[i], some[i]));
    std::sort(candidates.begin(), candidates.end());
    candidates.resize(std::min(candidates.size(), most));
    std::vector<RowId> ids;
    for (const Candidate each : candidates) ids.push_back(item_of(each));
    return ids;
}

void Refiner::meet(RowId item, std::span<const RowId> some) {
    fresh_.clear();
    for (const RowId each : some) {
        if (visited_.insert(each)) fresh_.push_back(each);
    }
    far_.resize(fresh_.size());
    distances_.from(item, fresh_, far_.data());
    for (std::size_t i = 0; i < fresh_.size(); ++i) frontier_.insert(far_[i], fresh_[i]);
}

void Refiner::refine(RowId item, Adjacency& to) {
    frontier_.reset(width_);
    visited_.reset(static_cast<std::size_t>(width_) * 32);
    visited_.insert(item);
    candidates_.clear();
    const auto own = from_.neighbors(item);
    meet(item, own);
    for (std::size_t i = 0; i < fresh_.size(); ++i) candidates_.push_back(candidate(far_[i], fresh_[i]));
    for (std::uint32_t step = 0; step < steps_ && frontier_.has_next(); ++step) meet(item, from_.neighbors(frontier_.next().item));
    for (std::size_t i = 0; i < frontier_.size(); ++i) {
        candidates_.push_back(candidate(frontier_[i].distance, frontier_[i].item));
    }
    std::sort(candidates_.begin(), candidates_.end());
    candidates_.erase(std::unique(candidates_.begin(), candidates_.end()), candidates_.end());
    to.set(item, pruner_.keep(candidates_, to.degree()));
}

}  // namespace nearfile::graph
