// The public Index: checks what the caller passed, then hands over to the state and the search.
#include "nearfile/index.hpp"

#include <algorithm>
#include <optional>

#include "api/checks.hpp"
#include "base/parallel.hpp"
#include "file/writer.hpp"
#include "opened/errors.hpp"
#include "opened/state.hpp"
#include "opened/verify.hpp"
#include "search/effort.hpp"
#include "search/exact_batch.hpp"
#include "search/leaf_order.hpp"
#include "search/scan.hpp"
#include "search/search.hpp"

namespace nearfile {
namespace {

using opened::raise;

void check_row(const Index::State& state, std::uint32_t row) {
    if (row < state.description.count) return;
    raise(ErrorCode::not_found, "row " + std::to_string(row) + " is not in the index, which has " +
                                    std::to_string(state.description.count) + " items");
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

std::vector<WalkRecall> walk_recall(const Index::State& state) {
    std::vector<WalkRecall> found;
    if (!state.graph || state.description.count <= search::least_walked) return found;
    for (const std::uint32_t k : search::calibrated_ks) {
        const float recall = search::recall_of_walks(state.calibration, k);
        if (recall > 0) found.push_back({k, recall});
    }
    return found;
}

void check_batch(const Index::State& state, std::span<const float> queries, const SearchOptions& options, std::size_t k,
                 std::size_t room) {
    const std::uint32_t dim = state.description.dim;
    check_options(state, options);
    if (queries.size() % dim != 0) {
        raise(ErrorCode::invalid_argument, "queries must have rows of " + std::to_string(dim) +
                                               " values, the index's dimension; got " + std::to_string(queries.size()) +
                                               " values in all");
    }
    const std::size_t n = queries.size() / dim;
    if (room != n * k) {
        raise(ErrorCode::invalid_argument,
              "the output must have room for " + std::to_string(n * k) + " neighbours; got " + std::to_string(room));
    }
    api::check_values(queries, dim, state.description.metric == Metric::hamming, "query");
}

// So many queries at a time are coded, ordered or compared with everything, so that what is kept of them, and the
// answers before they are put in their places, take some megabytes.
std::size_t queries_a_pass(std::size_t k) noexcept {
    constexpr std::size_t most = 4096;
    constexpr std::size_t most_neighbors = std::size_t{1} << 22;
    return std::clamp<std::size_t>(most_neighbors / std::max<std::size_t>(k, 1), search::queries_a_scan, most);
}

// Those that look at every item.
template <class Put>
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

// Each by itself, those that begin near each other one after the other.
template <class Put>
void answer_in_order(const Index::State& state, std::span<const float> queries, const SearchOptions& options,
                     std::size_t k, unsigned threads, const Put& put) {
    const std::size_t dim = state.description.dim;
    const std::size_t n = queries.size() / dim;
    std::optional<search::LeafOrder> order;
    if (n >= search::LeafOrder::least && search::LeafOrder::serves(state)) order.emplace(state, queries, threads);
    // Several queries a task, so that the working memory is borrowed once for all of them; more where there are many,
    // so that neighbours stay on one core.
    const std::size_t a_task = std::clamp<std::size_t>(n / 64, 8, 32);
    base::parallel_for((n + a_task - 1) / a_task, threads, [&](std::size_t task) {
        search::BorrowedScratch scratch(state);
        std::vector<Neighbor> nearest(k);
        const std::size_t end = std::min(n, (task + 1) * a_task);
        for (std::size_t place = task * a_task; place < end; ++place) {
            const std::size_t q = order ? (*order)[place] : place;
            const search::SeenQuery* seen = order ? &order->seen((*order)[place]) : nullptr;
            // The first of the batch, not the first in order, which are all of one kind.
            const bool watched = !order || q < opened::QueryDriftWatch::most_watched;
            search::search(state, queries.subspan(q * dim, dim), options, *scratch, nearest, seen, watched);
            put(q, nearest);
        }
    });
}

// Answers a checked batch on several threads: `put(q, nearest)` is given the k nearest of each query, from any thread.
template <class Put>
void answer_batch(const Index::State& state, std::span<const float> queries, const SearchOptions& options,
                  std::size_t k, const Put& put) {
    const std::size_t dim = state.description.dim;
    const bool together = k > 0 && search::looks_at_all(state, options, k);
    // How many cores there are is a question to the system that costs more than a search.
    const unsigned threads = queries.size() <= 8 * dim ? 1 : base::resolve_threads(options.threads);
    const std::size_t a_pass = queries_a_pass(k);
    for (std::size_t first = 0; first * dim < queries.size(); first += a_pass) {
        const std::size_t n = std::min(a_pass, queries.size() / dim - first);
        const auto some = queries.subspan(first * dim, n * dim);
        const auto put_some = [&](std::size_t q, std::span<const Neighbor> nearest) { put(first + q, nearest); };
        if (together && n > 1) {
            answer_exactly(state, some, k, threads, put_some);
        } else {
            answer_in_order(state, some, options, k, threads, put_some);
        }
    }
}

}  // namespace

Index Index::open(const std::string& path, const OpenOptions& options) {
    Index opened(opened::open_state(
        path, opened::unwrap(file::Container::open(path, opened::known_sections, options.prefault))));
    if (options.verify) opened.verify();
    return opened;
}

Index Index::open_buffer(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                         const OpenOptions& options) {
    auto container = opened::unwrap(file::Container::from_buffer(bytes, std::move(owner), opened::known_sections));
    Index opened(opened::open_state({}, std::move(container)));
    if (options.verify) opened.verify();
    return opened;
}

std::uint32_t Index::size() const noexcept {
    return state_->description.count;
}
std::uint32_t Index::dim() const noexcept {
    return state_->description.dim;
}
Metric Index::metric() const noexcept {
    return state_->description.metric;
}
IdKind Index::id_kind() const noexcept {
    return state_->description.id_kind;
}
std::span<const std::byte> Index::bytes() const noexcept {
    return state_->container.bytes();
}

Info Index::info() const {
    const auto& d = state_->description;
    Info info{.path = state_->path,
              .library_version = {d.library_version.begin(),
                                  std::find(d.library_version.begin(), d.library_version.end(), '\0')},
              .format_version = file::format_version,
              .metric = d.metric,
              .dim = d.dim,
              .count = d.count,
              .value_type = d.value_type,
              .id_kind = d.id_kind,
              .structure = d.structure,
              .profile = d.profile,
              .keep = d.keep,
              .degree = d.degree,
              .n_trees = d.n_trees,
              .n_trees_asked = d.n_trees_asked != 0 ? d.n_trees_asked : d.n_trees,
              .leaf_size = d.leaf_size,
              .seed = d.seed,
              .calibration = {state_->calibration.begin(), state_->calibration.end()},
              .walk_recall = walk_recall(*state_),
              .calibrated_nearest = d.calibrated_nearest,
              .file_bytes = state_->container.bytes().size(),
              .sections = {}};
    for (const auto& entry : state_->container.sections()) {
        info.sections.push_back({opened::section_name(entry.kind), entry.offset, entry.length});
    }
    return info;
}

QueryDrift Index::query_drift() const noexcept {
    return {.seen = state_->drift.seen(), .far = state_->drift.far(), .watched = state_->drift.watched()};
}

std::vector<Neighbor> Index::search(std::span<const float> query, const SearchOptions& options) const {
    std::vector<Neighbor> nearest(std::min(options.k, size()));
    SearchOptions one_thread = options;
    one_thread.threads = 1;
    if (query.size() != dim()) {
        raise(ErrorCode::invalid_argument, "a query must have " + std::to_string(dim()) +
                                               " values, the index's dimension; got " + std::to_string(query.size()));
    }
    search_batch(query, one_thread, nearest);
    return nearest;
}

void Index::search_batch(std::span<const float> queries, const SearchOptions& options, std::span<Neighbor> out) const {
    const std::size_t k = std::min(options.k, size());
    check_batch(*state_, queries, options, k, out.size());
    answer_batch(*state_, queries, options, k, [&](std::size_t q, std::span<const Neighbor> nearest) {
        std::ranges::copy(nearest, out.subspan(q * k, k).begin());
    });
}

void Index::search_batch(std::span<const float> queries, const SearchOptions& options, std::span<std::int64_t> ids,
                         std::span<float> distances) const {
    const std::size_t k = std::min(options.k, size());
    if (ids.size() != distances.size()) {
        raise(ErrorCode::invalid_argument, "the output must have room for as many ids as distances; got " +
                                               std::to_string(ids.size()) + " and " + std::to_string(distances.size()));
    }
    check_batch(*state_, queries, options, k, ids.size());
    answer_batch(*state_, queries, options, k, [&](std::size_t q, std::span<const Neighbor> nearest) {
        for (std::size_t i = 0; i < k; ++i) {
            ids[q * k + i] = int64_id(nearest[i].row);
            distances[q * k + i] = nearest[i].distance;
        }
    });
}

void Index::vector(std::uint32_t row, std::span<float> out) const {
    check_row(*state_, row);
    if (out.size() != dim()) {
        raise(ErrorCode::invalid_argument,
              "the output must have room for " + std::to_string(dim()) + " values; got " + std::to_string(out.size()));
    }
    opened::vector_of(*state_, state_->item_of(row), out);
}

float Index::distance(std::uint32_t a, std::uint32_t b) const {
    check_row(*state_, b);
    std::vector<float> first(dim());
    vector(a, first);
    search::BorrowedScratch scratch(*state_);
    (*scratch).scorer.set_query(first);
    float distance = 0;
    const std::uint32_t item = state_->item_of(b);
    (*scratch).scorer.exact(&item, 1, &distance);
    return metric() == Metric::dot ? -distance : distance;
}

std::optional<std::uint32_t> Index::find(std::int64_t id) const {
    return state_->ids.find(id);
}
std::optional<std::uint32_t> Index::find(std::string_view id) const {
    return state_->ids.find(id);
}

std::int64_t Index::int64_id(std::uint32_t row) const {
    check_row(*state_, row);
    return state_->ids.number(row);
}

std::string_view Index::string_id(std::uint32_t row) const {
    check_row(*state_, row);
    return id_kind() == IdKind::string ? state_->ids.string(row) : std::string_view{};
}

void Index::verify() const {
    opened::verify(*state_);
}

}  // namespace nearfile
