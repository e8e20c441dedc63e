// The public Index: checks what the caller passed, then hands over to the state and the search.
#include "nearfile/index.hpp"

#include <algorithm>

#include "base/parallel.hpp"
#include "file/writer.hpp"
#include "index/checks.hpp"
#include "index/errors.hpp"
#include "index/search.hpp"
#include "index/state.hpp"
#include "index/verify.hpp"

namespace nearfile {
namespace {

using index::raise;

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

}  // namespace

Index Index::open(const std::string& path, const OpenOptions& options) {
    Index opened(
        index::open_state(path, index::unwrap(file::Container::open(path, index::known_sections, options.prefault))));
    if (options.verify) opened.verify();
    return opened;
}

Index Index::open_buffer(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                         const OpenOptions& options) {
    auto container = index::unwrap(file::Container::from_buffer(bytes, std::move(owner), index::known_sections));
    Index opened(index::open_state({}, std::move(container)));
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
              .leaf_size = d.leaf_size,
              .seed = d.seed,
              .calibration = {state_->calibration.begin(), state_->calibration.end()},
              .calibrated_nearest = d.calibrated_nearest,
              .file_bytes = state_->container.bytes().size(),
              .sections = {}};
    for (const auto& entry : state_->container.sections()) {
        info.sections.push_back({index::section_name(entry.kind), entry.offset, entry.length});
    }
    return info;
}

LiveQueries Index::live_queries() const noexcept {
    return {.seen = state_->live.seen(), .far = state_->live.far(), .watched = index::LiveQueries::most_watched};
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
    const std::size_t width = dim();
    check_options(*state_, options);
    if (queries.size() % width != 0) {
        raise(ErrorCode::invalid_argument, "queries must have rows of " + std::to_string(width) +
                                               " values, the index's dimension; got " + std::to_string(queries.size()) +
                                               " values in all");
    }
    const std::size_t n = queries.size() / width;
    const std::size_t k = std::min(options.k, size());
    if (out.size() != n * k) {
        raise(ErrorCode::invalid_argument, "the output must have room for " + std::to_string(n * k) +
                                               " neighbours; got " + std::to_string(out.size()));
    }
    index::check_values(queries, dim(), metric() == Metric::hamming, "query");

    // Several queries a task, so that the working memory is borrowed once for all of them.
    constexpr std::size_t queries_a_task = 8;
    const unsigned threads = n <= queries_a_task ? 1 : base::resolve_threads(options.threads);
    const std::size_t per_task = threads == 1 ? std::max<std::size_t>(n, 1) : queries_a_task;
    base::parallel_for((n + per_task - 1) / per_task, threads, [&](std::size_t task) {
        index::BorrowedScratch scratch(*state_);
        for (std::size_t q = task * per_task; q < std::min(n, (task + 1) * per_task); ++q) {
            index::search(*state_, queries.subspan(q * width, width), options, *scratch, out.subspan(q * k, k));
        }
    });
}

void Index::vector(std::uint32_t row, std::span<float> out) const {
    check_row(*state_, row);
    if (out.size() != dim()) {
        raise(ErrorCode::invalid_argument,
              "the output must have room for " + std::to_string(dim()) + " values; got " + std::to_string(out.size()));
    }
    index::vector_of(*state_, state_->item_of(row), out);
}

float Index::distance(std::uint32_t a, std::uint32_t b) const {
    check_row(*state_, b);
    std::vector<float> first(dim());
    vector(a, first);
    index::BorrowedScratch scratch(*state_);
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
    index::verify(*state_);
}

}  // namespace nearfile
