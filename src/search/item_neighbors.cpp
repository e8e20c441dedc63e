#include "search/item_neighbors.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>

#include "base/parallel.hpp"
#include "search/effort.hpp"
#include "search/graph_walk.hpp"
#include "search/reranker.hpp"
#include "search/scan.hpp"
#include "search/search.hpp"

namespace nearfile::search {
namespace {

constexpr std::size_t items_asked = 512;
constexpr std::size_t items_a_task = 16;

// Of neighbours of an item, which may have itself among them, the first that are others.
void put_others(std::uint32_t row, std::span<const Neighbor> found, std::span<Neighbor> out) {
    std::size_t n = 0;
    for (const Neighbor& each : found) {
        if (each.row != row && n < out.size()) out[n++] = each;
    }
}

// Searches for one item after the other.
class ItemSearch {
public:
    ItemSearch(const Index::State& state, std::size_t k)
        : state_(state), scratch_(state), values_(state.description.dim), found_(k + 1) {}

    void search(codes::ItemId item, Budget budget, std::span<Neighbor> out) {
        if (!try_search(item, budget)) search_all(state_, values_, found_.size(), found_);
        put_others(state_.row_of(item), found_, out);
    }

    // False where what was visited is too little.
    bool try_search(codes::ItemId item, Budget budget) {
        opened::vector_of(state_, item, values_);
        Scratch& scratch = *scratch_;
        scratch.scorer.set_query(values_);
        const std::size_t k = found_.size();
        Reranker reranker(state_, scratch, k);
        if (state_.graph) {
            walk(item, budget);
            if (!reranker.take_visited(measured(state_, budget, k, scratch))) return false;
        } else {
            scratch.scorer.gather(std::max<std::size_t>(budget, k), {}, scratch.gather, scratch.candidates);
            if (scratch.candidates.size() < k) return false;  // of a damaged forest
            reranker.filter_by_bounds(scratch.candidates);
        }
        reranker.rerank(found_);
        return true;
    }

    std::span<const Neighbor> found() const noexcept { return found_; }

private:
    void walk(codes::ItemId item, Budget effort) {
        Scratch& scratch = *scratch_;
        if (!state_.bits) scratch.scorer.set_space();
        const std::array<codes::ItemId, 1> entry_point = {item};
        walk_from(entry_point, state_, effort, found_.size(), scratch,
                  [&](auto& computer, const auto& entry_points, std::size_t kept) {
                      graph::walk(computer, entry_points, {}, effort, kept, state_.graph->degree, scratch.walk);
                  });
    }

    const Index::State& state_;
    BorrowedScratch scratch_;
    std::vector<float> values_;
    std::vector<Neighbor> found_;
};

// Items from everywhere, and how far their k-th nearest others are.
class Panel {
public:
    Panel(const Index::State& state, std::size_t k, unsigned threads) : state_(state), k_(k), threads_(threads) {
        const std::uint64_t count = state.description.count;
        const std::uint64_t n = std::min<std::uint64_t>(count, items_asked);
        for (std::uint64_t i = 0; i < n; ++i) {
            items_.push_back(static_cast<codes::ItemId>((2 * i + 1) * count / (2 * n)));
        }
    }

    bool find_truth(const BatchWatch& watch) {
        std::vector<Neighbor> found(items_.size() * k_);
        if (!item_neighbors_exactly(state_, items_, k_, threads_, found, watch)) return false;
        for (std::size_t i = 0; i < items_.size(); ++i) farthest_.push_back(compared(found[(i + 1) * k_ - 1]));
        return true;
    }

    // The mean share of the nearest that searches find, less its standard error.
    double sure_recall(Budget budget) const {
        std::vector<double> shares(items_.size());
        base::parallel_for((items_.size() + items_a_task - 1) / items_a_task, threads_, [&](std::size_t task) {
            ItemSearch search(state_, k_);
            const std::size_t end = std::min(items_.size(), (task + 1) * items_a_task);
            for (std::size_t i = task * items_a_task; i < end; ++i) {
                if (search.try_search(items_[i], budget)) shares[i] = share(i, search.found());
            }
        });
        double sum = 0;
        double squares = 0;
        for (const double each : shares) {
            sum += each;
            squares += each * each;
        }
        const auto n = static_cast<double>(shares.size());
        const double mean = sum / n;
        return mean - std::sqrt(std::max(0.0, squares / n - mean * mean) / n);
    }

private:
    float compared(const Neighbor& each) const noexcept {
        return state_.description.metric == Metric::dot ? -each.distance : each.distance;
    }

    // Ties count as found.
    double share(std::size_t i, std::span<const Neighbor> found) const {
        const float tolerated = farthest_[i] + std::fabs(farthest_[i]) * 1e-6f;
        const std::uint32_t row = state_.row_of(items_[i]);
        std::size_t n = 0;
        for (const Neighbor& each : found) n += each.row != row && compared(each) <= tolerated ? 1 : 0;
        return static_cast<double>(std::min(n, k_)) / static_cast<double>(k_);
    }

    const Index::State& state_;
    const std::size_t k_;
    const unsigned threads_;
    std::vector<codes::ItemId> items_;
    std::vector<float> farthest_;
};

// The budget that costs as much as a look at all items.
Budget too_much(const Index::State& state) noexcept {
    return state.graph ? std::min(scanned_from(state), state.description.count) : state.description.count;
}

}  // namespace

Budget budget_for_items(const Index::State& state, std::size_t k, float recall, unsigned threads,
                        const BatchWatch& watch) {
    if (recall >= 1 || state.description.count <= least_walked) return every_item;
    Panel panel(state, k, threads);
    if (!panel.find_truth(watch)) return every_item;
    const std::uint64_t most = too_much(state);
    const std::uint64_t least = state.graph ? std::max<std::uint64_t>(4, k / 4) : 16 * (k + 1);
    for (std::uint64_t budget = least; budget < most; budget += std::max<std::uint64_t>(1, budget / 4)) {
        if (panel.sure_recall(static_cast<Budget>(budget)) >= recall) return static_cast<Budget>(budget);
    }
    return every_item;
}

void item_neighbors(const Index::State& state, codes::ItemId first, std::size_t n, std::size_t k, Budget budget,
                    std::span<Neighbor> out) {
    ItemSearch search(state, k);
    for (std::size_t i = 0; i < n; ++i) {
        search.search(first + static_cast<codes::ItemId>(i), budget, out.subspan(i * k, k));
    }
}

bool item_neighbors_exactly(const Index::State& state, std::span<const codes::ItemId> items, std::size_t k,
                            unsigned threads, std::span<Neighbor> out, const BatchWatch& watch) {
    const std::size_t dim = state.description.dim;
    const std::size_t with_itself = k + 1;
    std::vector<float> values(items.size() * dim);
    for (std::size_t i = 0; i < items.size(); ++i) {
        opened::vector_of(state, items[i], std::span(values).subspan(i * dim, dim));
    }
    std::vector<Neighbor> found(items.size() * with_itself);
    bool whole = true;
    if (pays_exact_batch(state, items.size())) {
        whole = exact_batch(state, values, with_itself, threads, found, watch);
    } else {
        const std::size_t n_tasks = (items.size() + queries_a_scan - 1) / queries_a_scan;
        std::atomic<bool> stop{false};
        const base::Task task = [&](std::size_t t) {
            const std::size_t n = std::min(queries_a_scan, items.size() - t * queries_a_scan);
            search_all(state, std::span(values).subspan(t * queries_a_scan * dim, n * dim), with_itself,
                       std::span(found).subspan(t * queries_a_scan * with_itself, n * with_itself));
        };
        whole = base::parallel_for_watched(
            n_tasks, threads, task, [&](std::size_t done) { return !watch || watch(done, n_tasks); }, stop);
    }
    for (std::size_t i = 0; whole && i < items.size(); ++i) {
        put_others(state.row_of(items[i]), std::span(found).subspan(i * with_itself, with_itself),
                   out.subspan(i * k, k));
    }
    return whole;
}

}  // namespace nearfile::search
