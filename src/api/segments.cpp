// Segments: put together, counted, and asked for items.
#include "nearfile/segments.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "api/filter_state.hpp"
#include "api/search_checks.hpp"
#include "api/segments_state.hpp"
#include "base/crc32c.hpp"
#include "base/random.hpp"
#include "opened/errors.hpp"
#include "opened/state.hpp"

namespace nearfile {
namespace {

using opened::raise;

bool is_text(IdKind kind) noexcept {
    return kind == IdKind::string;
}

void check_agreement(const Segments::State& state, const Index& index, std::size_t segment) {
    const auto differs = [segment](const std::string& what, const std::string& expected, const std::string& got) {
        raise(ErrorCode::invalid_argument, "segments must have the same " + what + "; segment 0 has " + expected +
                                               ", segment " + std::to_string(segment) + " has " + got);
    };
    if (index.dim() != state.dim) differs("dimension", std::to_string(state.dim), std::to_string(index.dim()));
    if (index.metric() != state.metric) {
        differs("metric", std::string(metric_name(state.metric)), std::string(metric_name(index.metric())));
    }
    // What has no items has ids of no kind.
    if (index.size() > 0 && state.starts.back() > 0 && is_text(index.id_kind()) != is_text(state.id_kind)) {
        differs("kind of ids", std::string(id_kind_name(state.id_kind)), std::string(id_kind_name(index.id_kind())));
    }
}

void check_first_id(const Segment& segment) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() - max_count;
    if (segment.first_id == 0) return;
    if (segment.index.id_kind() != IdKind::row) {
        raise(ErrorCode::invalid_argument, "first_id is for segments whose ids are rows; got " +
                                               std::to_string(segment.first_id) + " for one whose ids are " +
                                               std::string(id_kind_name(segment.index.id_kind())));
    }
    if (segment.first_id < 0 || segment.first_id > most) {
        raise(ErrorCode::invalid_argument,
              "first_id must be from 0 to " + std::to_string(most) + "; got " + std::to_string(segment.first_id));
    }
}

std::uint64_t mixed(std::uint64_t fingerprint, std::uint64_t with) noexcept {
    return base::derive_seed(fingerprint, with);
}

std::uint64_t with_segment(std::uint64_t fingerprint, const Segment& segment) {
    fingerprint = mixed(fingerprint, segment.index.fingerprint());
    fingerprint = mixed(fingerprint, static_cast<std::uint64_t>(segment.first_id));
    if (!segment.live) return fingerprint;
    return mixed(fingerprint, std::uint64_t{1} << 32 | base::crc32c(std::as_bytes(segment.live->words())));
}

// Far is what is farther than the calibration of any segment knows its items to be from each other.
void watch(Segments::State& state) {
    bool any = false;
    for (const Index& index : state.indexes) {
        if (index.query_drift().watched == 0) continue;
        const float limit = index.state().description.calibrated_nearest.back();
        state.far_from = any ? std::max(state.far_from, limit) : limit;
        any = true;
    }
    if (any) state.drift.watch(state.far_from);
}

}  // namespace

bool Segments::State::is_live(SegmentRow place) const noexcept {
    const Filter* filter = live_in(place.segment);
    if (filter == nullptr) return true;
    return api::eligible_of(*filter).has(indexes[place.segment].state().item_of(place.row));
}

std::int64_t Segments::State::id_of(SegmentRow place) const noexcept {
    if (is_text(id_kind)) return static_cast<std::int64_t>(starts[place.segment] + place.row);
    return first_ids[place.segment] + indexes[place.segment].state().ids.number(place.row);
}

Segments::Segments(std::vector<Segment> segments) {
    auto state = std::make_shared<State>();
    auto live = std::make_shared<LiveItems>();
    live->fingerprint = segments.size();
    state->starts.push_back(0);
    if (!segments.empty()) {
        const Index& first = segments.front().index;
        state->dim = first.dim();
        state->metric = first.metric();
    }
    for (std::size_t i = 0; i < segments.size(); ++i) {
        Segment& segment = segments[i];
        check_agreement(*state, segment.index, i);
        check_first_id(segment);
        if (segment.live) api::check_filter(segment.index.state(), *segment.live);
        const IdKind kind = segment.index.id_kind();
        if (segment.index.size() > 0 && kind != IdKind::row) state->id_kind = kind;
        live->fingerprint = with_segment(live->fingerprint, segment);
        const std::uint32_t n = segment.live ? segment.live->size() : segment.index.size();
        state->n_live.push_back(n);
        state->size += n;
        state->starts.push_back(state->starts.back() + segment.index.size());
        state->first_ids.push_back(segment.first_id);
        live->filters.push_back(std::move(segment.live));
        if (n > 0) state->largest_first.push_back(static_cast<std::uint32_t>(i));
        state->indexes.push_back(std::move(segment.index));
    }
    std::ranges::stable_sort(state->largest_first, std::ranges::greater{}, [&](auto i) { return state->n_live[i]; });
    for (const std::uint32_t i : state->largest_first) {
        state->parts.push_back({&state->indexes[i].state(), state->starts[i], state->first_ids[i]});
    }
    state->live = std::move(live);
    watch(*state);
    state_ = std::move(state);
}

std::uint64_t Segments::size() const noexcept {
    return state_->size;
}
std::uint64_t Segments::n_rows() const noexcept {
    return state_->starts.back();
}
std::size_t Segments::n_segments() const noexcept {
    return state_->n_segments();
}
std::uint32_t Segments::dim() const noexcept {
    return state_->dim;
}
Metric Segments::metric() const noexcept {
    return state_->metric;
}
IdKind Segments::id_kind() const noexcept {
    return state_->id_kind;
}
std::uint64_t Segments::fingerprint() const noexcept {
    return state_->live->fingerprint;
}
float Segments::far_from() const noexcept {
    return state_->far_from;
}
QueryDrift Segments::query_drift() const noexcept {
    return {.seen = state_->drift.seen(), .far = state_->drift.far(), .watched = state_->drift.watched()};
}

const Index& Segments::index(std::size_t segment) const {
    if (segment < n_segments()) return state_->indexes[segment];
    raise(ErrorCode::not_found,
          "segment " + std::to_string(segment) + " is not one of the " + std::to_string(n_segments()) + " there are");
}

SegmentRow api::place_of(const Segments::State& state, std::uint64_t row) {
    if (row >= state.starts.back()) {
        raise(ErrorCode::not_found, "row " + std::to_string(row) + " is not in the segments, which have " +
                                        std::to_string(state.starts.back()) + " rows");
    }
    const auto next = std::ranges::upper_bound(state.starts, row);
    return {static_cast<std::uint32_t>(next - state.starts.begin() - 1), static_cast<std::uint32_t>(row - next[-1])};
}

SegmentRow Segments::place_of(std::uint64_t row) const {
    return api::place_of(*state_, row);
}

std::uint64_t Segments::row_of(SegmentRow place) const {
    api::check_row(index(place.segment).state(), place.row);
    return state_->starts[place.segment] + place.row;
}

std::optional<std::uint64_t> Segments::find(std::int64_t id) const {
    if (is_text(id_kind())) return std::nullopt;
    for (const std::uint32_t i : state_->largest_first) {
        const std::int64_t first = state_->first_ids[i];
        if (id < first && first > 0) continue;
        const auto row = state_->indexes[i].find(id - first);
        if (row && state_->is_live({i, *row})) return state_->starts[i] + *row;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> Segments::find(std::string_view id) const {
    for (const std::uint32_t i : state_->largest_first) {
        const auto row = state_->indexes[i].find(id);
        if (row && state_->is_live({i, *row})) return state_->starts[i] + *row;
    }
    return std::nullopt;
}

std::int64_t Segments::int64_id(std::uint64_t row) const {
    return state_->id_of(place_of(row));
}

std::string_view Segments::string_id(std::uint64_t row) const {
    const SegmentRow place = place_of(row);
    return state_->indexes[place.segment].string_id(place.row);
}

}  // namespace nearfile
