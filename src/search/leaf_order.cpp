#include "search/leaf_order.hpp"

#include <algorithm>
#include <numeric>

#include "base/parallel.hpp"
#include "search/scratch.hpp"

namespace nearfile::search {

LeafOrder::LeafOrder(const Index::State& state, std::span<const float> queries, unsigned threads) {
    constexpr std::size_t queries_a_task = 32;
    const std::size_t dim = state.description.dim;
    const std::size_t n = queries.size() / dim;
    seen_.resize(n);
    base::parallel_for((n + queries_a_task - 1) / queries_a_task, threads, [&](std::size_t task) {
        BorrowedScratch scratch(state);
        Scorer& scorer = (*scratch).scorer;
        const std::size_t end = std::min(n, (task + 1) * queries_a_task);
        for (std::size_t q = task * queries_a_task; q < end; ++q) {
            scorer.set_query(queries.subspan(q * dim, dim));
            scorer.keep_seen(seen_[q]);
        }
    });
    order_.resize(n);
    std::iota(order_.begin(), order_.end(), 0u);
    std::ranges::stable_sort(order_, {}, [this](std::uint32_t query) { return seen_[query].leaf.first; });
}

}  // namespace nearfile::search
