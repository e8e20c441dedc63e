#include "api/answer_batch.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "api/filter_state.hpp"
#include "base/parallel.hpp"
#include "opened/state.hpp"
#include "search/exact_batch.hpp"
#include "search/filtered.hpp"
#include "search/leaf_order.hpp"
#include "search/scan.hpp"
#include "search/search.hpp"

namespace nearfile::api {
namespace {

// So many queries at a time are coded, ordered or compared with everything, so that what is kept of them, and the
// answers before they are put in their places, take some megabytes.
std::size_t queries_a_pass(std::size_t k) noexcept {
    constexpr std::size_t most = 4096;
    constexpr std::size_t most_neighbors = std::size_t{1} << 22;
    return std::clamp<std::size_t>(most_neighbors / std::max<std::size_t>(k, 1), search::queries_a_scan, most);
}

// Those that look at every item.
void answer_exactly(const Index::State& state, std::span<const float> queries, std::size_t k, unsigned threads,
                    const Put& put) {
    const std::size_t dim = state.description.dim;
    const std::size_t n = queries.size() / dim;
    std::vector<Neighbor> nearest(n * k);
    const auto put_all = [&](std::size_t first, std::size_t end) {
        for (std::size_t q = first; q < end; ++q) put(q, std::span(nearest).subspan(q * k, k));
    };
    if (search::pays_exact_batch(state, n)) {
        search::exact_batch(state, queries, k, threads, nearest);
        return put_all(0, n);
    }
    constexpr std::size_t a_task = search::queries_a_scan;
    base::parallel_for((n + a_task - 1) / a_task, threads, [&](std::size_t task) {
        const std::size_t first = task * a_task;
        const std::size_t size = std::min(a_task, n - first);
        search::search_all(state, queries.subspan(first * dim, size * dim), k,
                           std::span(nearest).subspan(first * k, size * k));
        put_all(first, first + size);
    });
}

// Each by itself, those that begin near each other one after the other: `answer(query, seen, scratch)`.
template <class Answer>
void in_order(const Index::State& state, std::span<const float> queries, unsigned threads, const Answer& answer) {
    const std::size_t n = queries.size() / state.description.dim;
    std::optional<search::LeafOrder> order;
    if (n >= search::LeafOrder::least && search::LeafOrder::serves(state)) order.emplace(state, queries, threads);
    // Several queries a task, so that the working memory is borrowed once for all of them; more where there are many,
    // so that neighbours stay on one core.
    const std::size_t a_task = std::clamp<std::size_t>(n / 64, 8, 32);
    base::parallel_for((n + a_task - 1) / a_task, threads, [&](std::size_t task) {
        search::BorrowedScratch scratch(state);
        const std::size_t end = std::min(n, (task + 1) * a_task);
        for (std::size_t place = task * a_task; place < end; ++place) {
            const std::size_t q = order ? (*order)[place] : place;
            answer(q, order ? &order->seen(static_cast<std::uint32_t>(q)) : nullptr, *scratch);
        }
    });
}

// Among all items, into scratch.answer.
void answer_one(const Index::State& state, std::span<const float> query, std::size_t number,
                const SearchOptions& options, std::size_t k, const search::SeenQuery* seen, search::Scratch& scratch) {
    // The first of the batch, not the first in order, which are all of one kind.
    const bool watched = seen == nullptr || number < opened::QueryDriftWatch::most_watched;
    scratch.answer.resize(k);
    search::search(state, query, options, scratch, scratch.answer, seen, watched);
}

void answer_freely(const Index::State& state, std::span<const float> queries, const SearchOptions& options,
                   std::size_t k, unsigned threads, const Put& put) {
    const std::size_t dim = state.description.dim;
    in_order(state, queries, threads, [&](std::size_t q, const search::SeenQuery* seen, search::Scratch& scratch) {
        answer_one(state, queries.subspan(q * dim, dim), q, options, k, seen, scratch);
        put(q, scratch.answer);
    });
}

// What a query excludes, of those of its batch.
std::span<const std::uint32_t> excluded_rows(const SearchOptions& options, std::size_t query) {
    if (options.exclude_starts.empty()) return options.exclude;
    const std::size_t start = options.exclude_starts[query];
    return options.exclude.subspan(start, options.exclude_starts[query + 1] - start);
}

// `first`: of these queries in the whole batch.
void answer_admitted(const Index::State& state, std::span<const float> queries, std::size_t first,
                     const SearchOptions& options, std::size_t k, unsigned threads, const Put& put) {
    const std::size_t dim = state.description.dim;
    in_order(state, queries, threads, [&](std::size_t q, const search::SeenQuery* seen, search::Scratch& scratch) {
        const Filter* filter = options.filters.empty() ? options.filter : options.filters[first + q];
        const auto rows = excluded_rows(options, first + q);
        const auto query = queries.subspan(q * dim, dim);
        if (filter == nullptr && rows.empty()) {  // as by itself, whatever others of its batch exclude
            answer_one(state, query, q, options, k, seen, scratch);
            return put(q, scratch.answer);
        }
        auto& excluded = scratch.excluded_items;
        excluded.clear();
        for (const std::uint32_t row : rows) excluded.push_back(state.item_of(row));
        const search::Admission admission(filter != nullptr ? &eligible_of(*filter) : nullptr, excluded,
                                          state.description.count, scratch.excluded);
        scratch.answer.resize(std::min<std::size_t>(k, admission.count()));
        search::search_admitted(state, query, options, admission, scratch, scratch.answer, seen);
        put(q, scratch.answer);
    });
}

}  // namespace

void answer_batch(const Index::State& state, std::span<const float> queries, const SearchOptions& options,
                  std::size_t k, const Put& put) {
    const std::size_t dim = state.description.dim;
    const bool all_admitted = options.filter == nullptr && options.filters.empty() && options.exclude.empty();
    const bool together = all_admitted && k > 0 && search::looks_at_all(state, options, k);
    // How many cores there are is a question to the system that costs more than a search.
    const unsigned threads = queries.size() <= 8 * dim ? 1 : base::resolve_threads(options.threads);
    const std::size_t a_pass = queries_a_pass(k);
    for (std::size_t first = 0; first * dim < queries.size(); first += a_pass) {
        const std::size_t n = std::min(a_pass, queries.size() / dim - first);
        const auto some = queries.subspan(first * dim, n * dim);
        const auto put_some = [&](std::size_t q, std::span<const Neighbor> nearest) { put(first + q, nearest); };
        if (!all_admitted) {
            answer_admitted(state, some, first, options, k, threads, std::ref(put_some));
        } else if (together && n > 1) {
            answer_exactly(state, some, k, threads, std::ref(put_some));
        } else {
            answer_freely(state, some, options, k, threads, std::ref(put_some));
        }
    }
}

}  // namespace nearfile::api
