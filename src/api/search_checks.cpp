#include "api/search_checks.hpp"

#include <algorithm>
#include <string>

#include "api/checks.hpp"
#include "api/filter_state.hpp"
#include "opened/errors.hpp"
#include "opened/state.hpp"

namespace nearfile::api {
namespace {

using opened::raise;

void check_excluded(const Index::State& state, const SearchOptions& options, std::size_t n_queries) {
    for (const std::uint32_t row : options.exclude) check_row(state, row);
    const auto starts = options.exclude_starts;
    if (starts.empty()) return;
    const bool fits = starts.size() == n_queries + 1 && starts.front() == 0 && starts.back() == options.exclude.size();
    if (fits && std::ranges::is_sorted(starts)) return;
    raise(ErrorCode::invalid_argument,
          "exclude_starts must have one more than the queries, ascending from 0 to how many are excluded in all; got " +
              std::to_string(starts.size()) + " for " + std::to_string(n_queries) + " queries");
}

}  // namespace

void check_row(const Index::State& state, std::uint32_t row) {
    if (row < state.description.count) return;
    raise(ErrorCode::not_found, "row " + std::to_string(row) + " is not in the index, which has " +
                                    std::to_string(state.description.count) + " items");
}

void check_filter(const Index::State& state, const Filter& filter) {
    if (filter.fingerprint() == state.fingerprint() && eligible_of(filter).n_items() == state.description.count) {
        return;
    }
    raise(ErrorCode::invalid_argument, "the filter is of another index: make it anew by this index's filter()");
}

void check_filters(const Index::State& state, const Filter* filter, std::span<const Filter* const> filters,
                   std::size_t n_queries) {
    if (filter != nullptr && !filters.empty()) {
        raise(ErrorCode::invalid_argument, "give one filter for all queries or one for each, not both");
    }
    if (!filters.empty() && filters.size() != n_queries) {
        raise(ErrorCode::invalid_argument, "there must be a filter for each of the " + std::to_string(n_queries) +
                                               " queries; got " + std::to_string(filters.size()));
    }
    if (filter != nullptr) check_filter(state, *filter);
    for (const Filter* each : filters) {
        if (each == nullptr) raise(ErrorCode::invalid_argument, "filters must have no null among them");
        check_filter(state, *each);
    }
}

// What steers a search depends on what is searched; asking for what has no effect is a mistake.
void check_options(const Index::State& state, const SearchOptions& options) {
    const bool graph = state.graph.has_value();
    if (options.k == 0) raise(ErrorCode::invalid_argument, "k must be at least 1; got 0");
    if (graph && options.search_k != 0) {
        raise(ErrorCode::invalid_argument, "search_k is for forests, this index is a graph: give effort or recall");
    }
    if (!graph && (options.effort != 0 || options.recall != 0)) {
        raise(ErrorCode::invalid_argument, "effort and recall are for graphs, this index is a forest: give search_k");
    }
    if (!(options.recall >= 0 && options.recall <= 1)) {
        raise(ErrorCode::invalid_argument,
              "recall must be above 0 and at most 1; got " + std::to_string(options.recall));
    }
}

void check_batch(const Index::State& state, std::span<const float> queries, const SearchOptions& options,
                 std::size_t width, std::size_t room) {
    const std::uint32_t dim = state.description.dim;
    check_options(state, options);
    if (queries.size() % dim != 0) {
        raise(ErrorCode::invalid_argument, "queries must have rows of " + std::to_string(dim) +
                                               " values, the index's dimension; got " + std::to_string(queries.size()) +
                                               " values in all");
    }
    const std::size_t n = queries.size() / dim;
    check_filters(state, options.filter, options.filters, n);
    check_excluded(state, options, n);
    if (room != n * width) {
        raise(ErrorCode::invalid_argument, "the output must have room for " + std::to_string(n * width) +
                                               " neighbours; got " + std::to_string(room));
    }
    api::check_values(queries, dim, state.description.metric == Metric::hamming, "query");
}

}  // namespace nearfile::api
