// The public Index::search_radius: checks what the caller passed, shares a batch among threads.
#include "search/radius.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "api/checks.hpp"
#include "api/filter_state.hpp"
#include "api/search_checks.hpp"
#include "base/parallel.hpp"
#include "nearfile/index.hpp"
#include "opened/errors.hpp"
#include "opened/state.hpp"
#include "search/leaf_order.hpp"
#include "search/scan.hpp"

namespace nearfile {
namespace {

using opened::raise;

// So many queries at a time are ordered, and what is found for them is kept twice.
constexpr std::size_t queries_a_pass = 4096;

void check_radius(const Index::State& state, float radius) {
    if (std::isnan(radius)) raise(ErrorCode::invalid_argument, "radius: expected a number, got nan");
    if (radius < 0 && state.description.metric != Metric::dot) {
        raise(ErrorCode::invalid_argument,
              "radius: expected at least 0, as distances are, got " + std::to_string(radius));
    }
}

void check_options(const Index::State& state, const RadiusOptions& options) {
    if (state.graph && options.search_k != 0) {
        raise(ErrorCode::invalid_argument, "search_k is for forests, this index is a graph: give recall");
    }
    if (!state.graph && options.recall != 0) {
        raise(ErrorCode::invalid_argument, "recall is for graphs, this index is a forest: give search_k");
    }
    if (!(options.recall >= 0 && options.recall <= 1)) {
        raise(ErrorCode::invalid_argument,
              "recall must be above 0 and at most 1; got " + std::to_string(options.recall));
    }
}

// The queries of one pass, the `first` of which is that of the whole batch, each task some that begin near each other.
void search_pass(const Index::State& state, std::span<const float> queries, std::size_t first, float radius,
                 const RadiusOptions& options, unsigned threads, std::span<std::vector<Neighbor>> found) {
    constexpr std::size_t a_task = search::queries_a_scan;
    const std::size_t dim = state.description.dim;
    const std::size_t n = found.size();
    std::optional<search::LeafOrder> order;
    if (n >= search::LeafOrder::least && search::LeafOrder::serves(state)) order.emplace(state, queries, threads);
    base::parallel_for((n + a_task - 1) / a_task, threads, [&](std::size_t task) {
        std::vector<search::RadiusQuery> some;
        for (std::size_t place = task * a_task; place < std::min(n, (task + 1) * a_task); ++place) {
            const std::size_t q = order ? (*order)[place] : place;
            const search::SeenQuery* seen = order ? &order->seen((*order)[place]) : nullptr;
            const Filter* filter = options.filters.empty() ? options.filter : options.filters[first + q];
            const search::Eligible* admitted = filter != nullptr ? &api::eligible_of(*filter) : nullptr;
            some.push_back({queries.subspan(q * dim, dim), seen, admitted, &found[q]});
        }
        search::search_radius(state, some, radius, options);
    });
}

}  // namespace

std::vector<Neighbor> Index::search_radius(std::span<const float> query, float radius,
                                           const RadiusOptions& options) const {
    if (query.size() != dim()) {
        raise(ErrorCode::invalid_argument, "a query must have " + std::to_string(dim()) +
                                               " values, the index's dimension; got " + std::to_string(query.size()));
    }
    RadiusOptions one_thread = options;
    one_thread.threads = 1;
    return search_radius_batch(query, radius, one_thread).neighbors;
}

RaggedNeighbors Index::search_radius_batch(std::span<const float> queries, float radius,
                                           const RadiusOptions& options) const {
    check_options(*state_, options);
    check_radius(*state_, radius);
    if (queries.size() % dim() != 0) {
        raise(ErrorCode::invalid_argument, "queries must have rows of " + std::to_string(dim()) +
                                               " values, the index's dimension; got " + std::to_string(queries.size()) +
                                               " values in all");
    }
    api::check_values(queries, dim(), metric() == Metric::hamming, "query");
    const std::size_t n = queries.size() / dim();
    api::check_filters(*state_, options.filter, options.filters, n);
    const unsigned threads = n == 1 ? 1 : base::resolve_threads(options.threads);
    RaggedNeighbors all;
    all.offsets.push_back(0);
    for (std::size_t first = 0; first < n; first += queries_a_pass) {
        std::vector<std::vector<Neighbor>> found(std::min(queries_a_pass, n - first));
        search_pass(*state_, queries.subspan(first * dim(), found.size() * dim()), first, radius, options, threads,
                    found);
        if (n == 1) {
            all.neighbors = std::move(found.front());
            all.offsets.push_back(all.neighbors.size());
            break;
        }
        for (std::vector<Neighbor>& each : found) {
            all.neighbors.insert(all.neighbors.end(), each.begin(), each.end());
            all.offsets.push_back(all.neighbors.size());
            each = {};
        }
    }
    return all;
}

}  // namespace nearfile
