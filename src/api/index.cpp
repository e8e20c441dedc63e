// The public Index: checks what the caller passed, then hands over to the state and the search.
#include "nearfile/index.hpp"

#include <algorithm>

#include "api/checks.hpp"
#include "base/parallel.hpp"
#include "file/writer.hpp"
#include "opened/errors.hpp"
#include "opened/state.hpp"
#include "opened/verify.hpp"
#include "search/effort.hpp"
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

// Answers a checked batch, some queries at a time, on several threads: `take(first, n, answer)` is told which and has
// `answer` write their neighbours, k each, to where it wants them.
template <class Take>
void answer_batch(const Index::State& state, std::span<const float> queries, const SearchOptions& options,
                  std::size_t k, const Take& take) {
    const std::size_t dim = state.description.dim;
    const std::size_t n = queries.size() / dim;
    const bool together = n > 1 && k > 0 && search::looks_at_all(state, options, k);
    // Several queries a task, so that the working memory is borrowed once for all of them. (How many cores there are is
    // a question to the system that costs more than a search.)
    constexpr std::size_t queries_a_walk = 8;
    const std::size_t a_task = together ? search::queries_a_scan : queries_a_walk;
    const unsigned threads = n <= a_task ? 1 : base::resolve_threads(options.threads);
    base::parallel_for((n + a_task - 1) / a_task, threads, [&](std::size_t task) {
        const std::size_t first = task * a_task;
        const std::size_t size = std::min(a_task, n - first);
        take(first, size, [&](std::span<Neighbor> out) {
            const auto asked = queries.subspan(first * dim, size * dim);
            if (together) return search::search_all(state, asked, k, out);
            search::BorrowedScratch scratch(state);
            for (std::size_t q = 0; q < size; ++q) {
                search::search(state, asked.subspan(q * dim, dim), options, *scratch, out.subspan(q * k, k));
            }
        });
    });
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
    answer_batch(*state_, queries, options, k,
                 [&](std::size_t first, std::size_t n, const auto& answer) { answer(out.subspan(first * k, n * k)); });
}

void Index::search_batch(std::span<const float> queries, const SearchOptions& options, std::span<std::int64_t> ids,
                         std::span<float> distances) const {
    const std::size_t k = std::min(options.k, size());
    if (ids.size() != distances.size()) {
        raise(ErrorCode::invalid_argument, "the output must have room for as many ids as distances; got " +
                                               std::to_string(ids.size()) + " and " + std::to_string(distances.size()));
    }
    check_batch(*state_, queries, options, k, ids.size());
    answer_batch(*state_, queries, options, k, [&](std::size_t first, std::size_t n, const auto& answer) {
        std::vector<Neighbor> nearest(n * k);
        answer(nearest);
        for (std::size_t i = 0; i < n * k; ++i) {
            ids[first * k + i] = int64_id(nearest[i].row);
            distances[first * k + i] = nearest[i].distance;
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
