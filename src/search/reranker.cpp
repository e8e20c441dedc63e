#include "search/reranker.hpp"

#include <algorithm>
#include <cmath>

#include "search/page_reads.hpp"

namespace nearfile::search {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

// More survivors than these are measured at once, so that a scan whose bounds rule nothing out needs no more memory.
constexpr std::size_t most_survivors = std::size_t{1} << 15;

}  // namespace

bool Reranker::take(const graph::Frontier& visited, std::size_t n) {
    n = std::min(n, visited.size());
    if (n < k_) return false;
    take_best(visited, n);
    return true;
}

void Reranker::take_best(const graph::Frontier& visited, std::size_t n) {
    auto& candidates = scratch_.candidates;
    candidates.clear();
    for (std::size_t i = 0; i < n; ++i) candidates.push_back(visited[i].item);
    // Behind 4-bit codes few are left: measuring them costs less than bounds would save, but where these come from half
    // of the bytes that are measured, and there are so many more than wanted that many need no more than that.
    const bool in_parts = state_.vectors && state_.vectors->are_in_parts();
    if (state_.graph->has_nibbles() && (!in_parts || n <= 2 * k_)) {
        exact_distances(candidates);
    } else {
        filter_by_bounds(candidates);
    }
}

bool Reranker::measure(std::span<const codes::ItemId> candidates) {
    const float before = nearest_.threshold();
    const std::size_t n_before = nearest_.size();
    filter_by_bounds(candidates);
    measure_survivors();
    return nearest_.threshold() < before || nearest_.size() > n_before;
}

void Reranker::filter_by_bounds(std::span<const codes::ItemId> candidates) {
    Scorer& scorer = scratch_.scorer;
    if (state_.larger_than_memory) ask_for_pages(state_, candidates, Reading::bounds);
    scorer.prepare_codes();
    // The kernels of codes prefetch; of vectors, more would not stay in cache until they are read.
    const bool by_vectors = state_.description.code_kind == opened::CodeKind::none;
    const std::size_t batch = by_vectors ? Scorer::exact_batch : codes::batch;
    const auto prefetch_from = [&](std::size_t from) {
        for (std::size_t j = from; j < std::min(from + batch, candidates.size()); ++j) {
            scorer.prefetch_bounds(candidates[j]);
        }
    };
    if (by_vectors) prefetch_from(0);
    for (std::size_t i = 0; i < candidates.size(); i += batch) {
        if (by_vectors) prefetch_from(i + batch);
        const auto some = candidates.subspan(i, std::min(batch, candidates.size() - i));
        scorer.bounds(some.data(), 0, some.size(), bounds());
        for (std::size_t j = 0; j < some.size(); ++j) keep(some[j], j);
    }
}

void Reranker::filter_stretch(codes::ItemId first, std::size_t count, const RowBlock* vectors) {
    if (vectors != nullptr) {
        scratch_.scorer.bounds(*vectors, bounds());
    } else {
        scratch_.scorer.prepare_codes();
        scratch_.scorer.bounds(nullptr, first, count, bounds());
    }
    for (std::size_t j = 0; j < count; ++j) keep(first + static_cast<codes::ItemId>(j), j);
}

std::size_t Reranker::rerank(std::span<Neighbor> out) {
    measure_survivors();
    const std::size_t n = nearest_.finish();
    std::ranges::copy(scratch_.nearest, out.begin());
    return n;
}

void Reranker::measure_survivors() {
    auto& survivors = scratch_.survivors;
    std::erase_if(survivors, [this](const Survivor& each) { return each.lower > threshold_; });
    std::sort(survivors.begin(), survivors.end(), [](const Survivor& a, const Survivor& b) {
        return a.lower < b.lower || (a.lower == b.lower && a.row < b.row);
    });
    for (std::size_t i = 0; i < survivors.size(); i += Scorer::exact_batch) {
        if (survivors[i].lower > nearest_.threshold()) break;
        const std::size_t n = std::min(Scorer::exact_batch, survivors.size() - i);
        std::array<codes::ItemId, Scorer::exact_batch> items;
        for (std::size_t j = 0; j < n; ++j) items[j] = survivors[i + j].row;
        exact_distances({items.data(), n});
    }
    survivors.clear();
    threshold_ = std::min(threshold_, nearest_.threshold());
}

void Reranker::keep(codes::ItemId item, std::size_t j) {
    if (lower_[j] > threshold_) return;
    // In a damaged file bounds may be no numbers, or crossed: such an item is kept and measured.
    const float lower = std::isnan(lower_[j]) ? -infinity : lower_[j];
    const float upper = upper_[j] >= lower ? upper_[j] : infinity;
    if (scratch_.survivors.size() == most_survivors) measure_survivors();
    scratch_.survivors.push_back({lower, item});
    auto& uppers = scratch_.uppers;
    if (uppers.size() < k_) {
        uppers.push_back(upper);
        if (uppers.size() < k_) return;
        std::make_heap(uppers.begin(), uppers.end());
    } else {
        if (!(upper < threshold_)) return;
        std::pop_heap(uppers.begin(), uppers.end());
        uppers.back() = upper;
        std::push_heap(uppers.begin(), uppers.end());
    }
    threshold_ = std::min(threshold_, uppers.front());
}

void Reranker::exact_distances(std::span<const codes::ItemId> items) {
    if (state_.larger_than_memory) ask_for_pages(state_, items, Reading::exact);
    std::array<float, Scorer::exact_batch> distances;
    prefetch(items.first(std::min(Scorer::exact_batch, items.size())));
    while (!items.empty()) {
        const auto some = items.first(std::min(Scorer::exact_batch, items.size()));
        items = items.subspan(some.size());
        prefetch(items.first(std::min(Scorer::exact_batch, items.size())));
        scratch_.scorer.exact(some.data(), some.size(), distances.data());
        for (std::size_t j = 0; j < some.size(); ++j) nearest_.offer({some[j], distances[j]});
    }
}

void Reranker::prefetch(std::span<const codes::ItemId> items) {
    for (const codes::ItemId each : items) scratch_.scorer.prefetch_exact(each);
}

}  // namespace nearfile::search
