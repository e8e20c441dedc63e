#include "search/within.hpp"

#include <algorithm>

#include "search/nearest.hpp"
#include "search/page_reads.hpp"

namespace nearfile::search {

void Within::take_visited(std::size_t n) {
    const graph::Frontier& visited = scratch_.walk.frontier;
    auto& candidates = scratch_.candidates;
    candidates.clear();
    for (std::size_t i = 0; i < n; ++i) candidates.push_back(visited[i].item);
    // As Reranker::take_visited(): few are left that bounds would rule out.
    if (state_.graph->has_nibbles() && !state_.split && !(state_.vectors && state_.vectors->are_in_parts())) {
        for (const codes::ItemId each : candidates) keep(each);
    } else {
        take(candidates);
    }
}

void Within::take(std::span<const codes::ItemId> candidates) {
    if (state_.larger_than_memory) ask_for_pages(state_, candidates, Reading::bounds);
    scratch_.scorer.prepare_codes();
    while (!candidates.empty()) {
        const auto some = candidates.first(std::min(codes::batch, candidates.size()));
        candidates = candidates.subspan(some.size());
        for (const codes::ItemId each : some) scratch_.scorer.prefetch_bounds(each);
        scratch_.scorer.bounds(some.data(), 0, some.size(), bounds());
        for (std::size_t j = 0; j < some.size(); ++j) {
            // In a damaged file bounds may be no numbers: such an item is measured.
            if (!(lower_[j] > threshold_)) keep(some[j]);
        }
    }
}

void Within::filter_stretch(codes::ItemId first, std::size_t count, const RowBlock* vectors) {
    if (vectors != nullptr) {
        scratch_.scorer.bounds(*vectors, bounds());
    } else {
        scratch_.scorer.prepare_codes();
        scratch_.scorer.bounds(nullptr, first, count, bounds());
    }
    for (std::size_t j = 0; j < count; ++j) {
        if (!(lower_[j] > threshold_)) keep(first + static_cast<codes::ItemId>(j));
    }
}

std::size_t Within::count() {
    measure();
    return found_.size();
}

void Within::clear() {
    found_.clear();
    n_unmeasured_ = 0;
    threshold_ = radius_;
}

void Within::keep(codes::ItemId item) {
    scratch_.scorer.prefetch_exact(item);
    unmeasured_[n_unmeasured_++] = item;
    if (n_unmeasured_ == unmeasured_.size()) measure();
}

void Within::measure() {
    std::array<float, Scorer::exact_batch> distances;
    if (state_.larger_than_memory) ask_for_pages(state_, {unmeasured_.data(), n_unmeasured_}, Reading::exact);
    if (n_unmeasured_ > 0) scratch_.scorer.exact(unmeasured_.data(), n_unmeasured_, distances.data());
    for (std::size_t j = 0; j < n_unmeasured_; ++j) {
        if (distances[j] <= threshold_) found_.push_back({unmeasured_[j], distances[j]});
    }
    n_unmeasured_ = 0;
    // Twice as many as are wanted, so that dropping them costs little for each.
    if (found_.size() / 2 >= most_) drop_farthest();
}

void Within::drop_farthest() {
    if (found_.size() <= most_) return;
    const auto last = found_.begin() + static_cast<std::ptrdiff_t>(most_ - 1);
    std::nth_element(found_.begin(), last, found_.end(), Nearer{state_});
    threshold_ = last->distance;
    found_.resize(most_);
}

std::vector<Neighbor> Within::finish() {
    measure();
    drop_farthest();
    std::sort(found_.begin(), found_.end(), Nearer{state_});
    const bool negated = state_.description.metric == Metric::dot;
    for (Neighbor& each : found_) {
        each.row = state_.row_of(each.row);
        if (negated) each.distance = -each.distance;
    }
    return std::move(found_);
}

}  // namespace nearfile::search
