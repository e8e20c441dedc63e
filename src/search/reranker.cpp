#include "search/reranker.hpp"

#include <algorithm>
#include <cmath>

namespace nearfile::search {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

// Ties by smaller id.
struct Nearer {
    const Index::State& state;
    bool operator()(const Neighbor& a, const Neighbor& b) const noexcept {
        if (a.distance != b.distance) return a.distance < b.distance;
        return state.ids.number(state.row_of(a.row)) < state.ids.number(state.row_of(b.row));
    }
};

}  // namespace

bool Reranker::take_visited(std::size_t n) {
    const graph::Frontier& visited = scratch_.walk.frontier;
    n = std::min(n, visited.size());
    if (n < k_) return false;
    auto& candidates = scratch_.candidates;
    candidates.clear();
    for (std::size_t i = 0; i < n; ++i) candidates.push_back(visited[i].item);
    // Behind 4-bit codes few are left: measuring them costs less than bounds would save.
    if (scratch_.tables) {
        exact_distances(candidates);
    } else {
        filter_by_bounds(candidates);
    }
    return true;
}

void Reranker::filter_by_bounds(std::span<const codes::ItemId> candidates) {
    scratch_.scorer.prepare_codes();
    for (std::size_t i = 0; i < candidates.size(); i += codes::batch) {
        const auto some = candidates.subspan(i, std::min(codes::batch, candidates.size() - i));
        scratch_.scorer.bounds(some.data(), 0, some.size(), bounds());
        for (std::size_t j = 0; j < some.size(); ++j) keep(some[j], j);
    }
}

void Reranker::filter_all() {
    const std::uint32_t count = state_.description.count;
    if (!scratch_.scorer.has_codes()) {
        std::array<codes::ItemId, Scorer::exact_batch> some;
        for (std::uint32_t item = 0; item < count;) {
            std::size_t n = 0;
            while (n < some.size() && item < count) some[n++] = item++;
            exact_distances({some.data(), n});
        }
        return;
    }
    scratch_.scorer.prepare_codes();
    for (std::uint32_t first = 0; first < count; first += codes::batch) {
        const auto some = static_cast<std::uint32_t>(std::min<std::size_t>(codes::batch, count - first));
        scratch_.scorer.bounds(nullptr, first, some, bounds());
        for (std::uint32_t j = 0; j < some; ++j) keep(first + j, j);
    }
}

void Reranker::rerank(std::span<Neighbor> out) {
    auto& survivors = scratch_.survivors;
    auto& nearest = scratch_.nearest;
    std::erase_if(survivors, [this](const Survivor& each) { return each.lower > threshold_; });
    std::sort(survivors.begin(), survivors.end(), [](const Survivor& a, const Survivor& b) {
        return a.lower < b.lower || (a.lower == b.lower && a.row < b.row);
    });
    for (std::size_t i = 0; i < survivors.size(); i += Scorer::exact_batch) {
        if (nearest.size() == k_ && survivors[i].lower > nearest.front().distance) break;
        const std::size_t n = std::min(Scorer::exact_batch, survivors.size() - i);
        std::array<codes::ItemId, Scorer::exact_batch> items;
        for (std::size_t j = 0; j < n; ++j) items[j] = survivors[i + j].row;
        exact_distances({items.data(), n});
    }
    std::sort_heap(nearest.begin(), nearest.end(), Nearer{state_});
    const bool negated = state_.description.metric == Metric::dot;
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = nearest[i];
        out[i].row = state_.row_of(out[i].row);
        if (negated) out[i].distance = -out[i].distance;
    }
}

void Reranker::keep(codes::ItemId item, std::size_t j) {
    if (lower_[j] > threshold_) return;
    // In a damaged file bounds may be no numbers, or crossed: such an item is kept and measured.
    const float lower = std::isnan(lower_[j]) ? -infinity : lower_[j];
    const float upper = upper_[j] >= lower ? upper_[j] : infinity;
    scratch_.survivors.push_back({lower, item});
    auto& uppers = scratch_.uppers;
    if (uppers.size() == k_) {
        if (!(upper < threshold_)) return;
        std::pop_heap(uppers.begin(), uppers.end());
        uppers.back() = upper;
    } else {
        uppers.push_back(upper);
    }
    std::push_heap(uppers.begin(), uppers.end());
    if (uppers.size() == k_) threshold_ = uppers.front();
}

void Reranker::exact_distances(std::span<const codes::ItemId> items) {
    std::array<float, Scorer::exact_batch> distances;
    prefetch(items.first(std::min(Scorer::exact_batch, items.size())));
    while (!items.empty()) {
        const auto some = items.first(std::min(Scorer::exact_batch, items.size()));
        items = items.subspan(some.size());
        prefetch(items.first(std::min(Scorer::exact_batch, items.size())));
        scratch_.scorer.exact(some.data(), some.size(), distances.data());
        for (std::size_t j = 0; j < some.size(); ++j) offer({some[j], distances[j]});
    }
}

void Reranker::offer(const Neighbor& each) {
    auto& nearest = scratch_.nearest;
    const Nearer nearer{state_};
    if (nearest.size() < k_) {
        nearest.push_back(each);
    } else if (nearer(each, nearest.front())) {
        std::pop_heap(nearest.begin(), nearest.end(), nearer);
        nearest.back() = each;
    } else {
        return;
    }
    std::push_heap(nearest.begin(), nearest.end(), nearer);
}

void Reranker::prefetch(std::span<const codes::ItemId> items) {
    for (const codes::ItemId each : items) scratch_.scorer.prefetch_exact(each);
}

}  // namespace nearfile::search
