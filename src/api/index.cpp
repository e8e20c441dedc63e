// The public Index: checks what the caller passed, then hands over to the state and the search.
#include "nearfile/index.hpp"

#include <algorithm>
#include <functional>
#include <optional>

#include "api/answer_batch.hpp"
#include "api/search_checks.hpp"
#include "file/container.hpp"
#include "opened/errors.hpp"
#include "opened/state.hpp"
#include "opened/verify.hpp"
#include "search/effort.hpp"
#include "search/scratch.hpp"

namespace nearfile {
namespace {

using opened::raise;

std::vector<WalkRecall> walk_recall(const Index::State& state) {
    std::vector<WalkRecall> found;
    if (!state.graph || state.description.count <= search::least_walked) return found;
    for (const std::uint32_t k : search::calibrated_ks) {
        const float recall = search::recall_of_walks(state.calibration, k);
        if (recall > 0) found.push_back({k, recall});
    }
    return found;
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

std::uint32_t Index::width(const SearchOptions& options) const {
    const std::uint32_t k = std::min(options.k, size());
    if (options.filter != nullptr) return std::min(k, options.filter->size());
    if (options.filters.empty()) return k;
    std::uint32_t most = 0;
    for (const Filter* each : options.filters) most = std::max(most, each != nullptr ? each->size() : 0);
    return std::min(k, most);
}

std::vector<Neighbor> Index::search(std::span<const float> query, const SearchOptions& options) const {
    if (query.size() != dim()) {
        raise(ErrorCode::invalid_argument, "a query must have " + std::to_string(dim()) +
                                               " values, the index's dimension; got " + std::to_string(query.size()));
    }
    SearchOptions one_thread = options;
    one_thread.threads = 1;
    const std::uint32_t k = width(options);
    api::check_batch(*state_, query, one_thread, k, k);
    std::vector<Neighbor> found;
    const auto put = [&](std::size_t, std::span<const Neighbor> nearest) {
        found.assign(nearest.begin(), nearest.end());
    };
    api::answer_batch(*state_, query, one_thread, k, std::ref(put));
    return found;
}

void Index::search_batch(std::span<const float> queries, const SearchOptions& options, std::span<Neighbor> out) const {
    const std::size_t k = width(options);
    api::check_batch(*state_, queries, options, k, out.size());
    const auto put = [&](std::size_t q, std::span<const Neighbor> nearest) {
        const auto to = out.subspan(q * k, k);
        std::ranges::copy(nearest, to.begin());
        std::ranges::fill(to.subspan(nearest.size()), no_neighbor);
    };
    api::answer_batch(*state_, queries, options, k, std::ref(put));
}

void Index::search_batch(std::span<const float> queries, const SearchOptions& options, std::span<std::int64_t> ids,
                         std::span<float> distances) const {
    const std::size_t k = width(options);
    if (ids.size() != distances.size()) {
        raise(ErrorCode::invalid_argument, "the output must have room for as many ids as distances; got " +
                                               std::to_string(ids.size()) + " and " + std::to_string(distances.size()));
    }
    api::check_batch(*state_, queries, options, k, ids.size());
    const auto put = [&](std::size_t q, std::span<const Neighbor> nearest) {
        for (std::size_t i = 0; i < k; ++i) {
            const bool any = i < nearest.size();
            ids[q * k + i] = any ? int64_id(nearest[i].row) : -1;
            distances[q * k + i] = any ? nearest[i].distance : no_neighbor.distance;
        }
    };
    api::answer_batch(*state_, queries, options, k, std::ref(put));
}

std::uint64_t Index::fingerprint() const noexcept {
    return state_->fingerprint();
}

void Index::vector(std::uint32_t row, std::span<float> out) const {
    api::check_row(*state_, row);
    if (out.size() != dim()) {
        raise(ErrorCode::invalid_argument,
              "the output must have room for " + std::to_string(dim()) + " values; got " + std::to_string(out.size()));
    }
    opened::vector_of(*state_, state_->item_of(row), out);
}

float Index::distance(std::uint32_t a, std::uint32_t b) const {
    api::check_row(*state_, b);
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
    api::check_row(*state_, row);
    return state_->ids.number(row);
}

std::string_view Index::string_id(std::uint32_t row) const {
    api::check_row(*state_, row);
    return id_kind() == IdKind::string ? state_->ids.string(row) : std::string_view{};
}

void Index::verify() const {
    opened::verify(*state_);
}

}  // namespace nearfile
