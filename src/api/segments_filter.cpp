// Filters of segments: one of each segment's own, and never more than what is live.
#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "api/filter_state.hpp"
#include "api/search_checks.hpp"
#include "api/segments_state.hpp"
#include "nearfile/segments.hpp"
#include "opened/errors.hpp"
#include "opened/state.hpp"

namespace nearfile {
namespace {

using opened::raise;

std::shared_ptr<const SegmentsFilter::State> made(std::vector<Filter> parts, std::shared_ptr<const LiveItems> live) {
    std::uint64_t size = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (live->filters[i]) parts[i] = parts[i] & *live->filters[i];
        size += parts[i].size();
    }
    return std::make_shared<const SegmentsFilter::State>(
        SegmentsFilter::State{std::move(parts), std::move(live), size});
}

template <class Combine>
std::vector<Filter> combined(const SegmentsFilter& a, const SegmentsFilter& b, const Combine& combine) {
    if (a.fingerprint() != b.fingerprint() || a.parts().size() != b.parts().size()) {
        raise(ErrorCode::invalid_argument,
              "filters must be of the same segments to be combined; these are of two: make both of the same state");
    }
    std::vector<Filter> parts;
    for (std::size_t i = 0; i < a.parts().size(); ++i) parts.push_back(combine(a.parts()[i], b.parts()[i]));
    return parts;
}

void check_one(const Segments::State& state, const SegmentsFilter& filter) {
    const bool same = filter.fingerprint() == state.live->fingerprint && filter.parts().size() == state.n_segments();
    if (!same) {
        raise(ErrorCode::invalid_argument,
              "the filter is of other segments, or of a time when other items were live: make it anew");
    }
    for (std::size_t i = 0; i < state.n_segments(); ++i) {
        api::check_filter(state.indexes[i].state(), filter.parts()[i]);
    }
}

void check_excluded(const Segments::State& state, const SegmentsAdmission& admission, std::size_t n_queries) {
    for (const std::uint64_t row : admission.exclude) api::place_of(state, row);
    const auto starts = admission.exclude_starts;
    if (starts.empty()) return;
    const bool fits =
        starts.size() == n_queries + 1 && starts.front() == 0 && starts.back() == admission.exclude.size();
    if (fits && std::ranges::is_sorted(starts)) return;
    raise(ErrorCode::invalid_argument,
          "exclude_starts must have one more than the queries, ascending from 0 to how many are excluded in all; got " +
              std::to_string(starts.size()) + " for " + std::to_string(n_queries) + " queries");
}

}  // namespace

std::uint64_t SegmentsFilter::size() const noexcept {
    return state_->size;
}
std::span<const Filter> SegmentsFilter::parts() const noexcept {
    return state_->parts;
}
std::span<const std::optional<Filter>> SegmentsFilter::live() const noexcept {
    return state_->live->filters;
}
std::uint64_t SegmentsFilter::fingerprint() const noexcept {
    return state_->live->fingerprint;
}

SegmentsFilter SegmentsFilter::operator&(const SegmentsFilter& other) const {
    return SegmentsFilter(
        made(combined(*this, other, [](const Filter& a, const Filter& b) { return a & b; }), state_->live));
}
SegmentsFilter SegmentsFilter::operator|(const SegmentsFilter& other) const {
    return SegmentsFilter(
        made(combined(*this, other, [](const Filter& a, const Filter& b) { return a | b; }), state_->live));
}
SegmentsFilter SegmentsFilter::operator~() const {
    return SegmentsFilter(
        made(combined(*this, *this, [](const Filter& a, const Filter&) { return ~a; }), state_->live));
}

SegmentsFilter SegmentsFilter::of_parts(std::vector<Filter> parts, std::vector<std::optional<Filter>> live,
                                        std::uint64_t fingerprint) {
    if (parts.size() != live.size()) {
        raise(ErrorCode::invalid_argument, "a filter must have as many parts as there are segments; got " +
                                               std::to_string(parts.size()) + " for " + std::to_string(live.size()));
    }
    return SegmentsFilter(
        made(std::move(parts), std::make_shared<const LiveItems>(LiveItems{std::move(live), fingerprint})));
}

SegmentsFilter Segments::filter(const Expression& allowed) const {
    std::vector<Filter> parts;
    for (const Index& index : state_->indexes) parts.push_back(index.filter(allowed));
    return SegmentsFilter(made(std::move(parts), state_->live));
}

SegmentsFilter Segments::filter(std::span<const std::uint8_t> mask) const {
    if (mask.size() != size()) {
        raise(ErrorCode::invalid_argument, "a mask must have a value for each of the " + std::to_string(size()) +
                                               " live items; got " + std::to_string(mask.size()));
    }
    std::vector<Filter> parts;
    for (std::uint32_t i = 0; i < n_segments(); ++i) {
        const Index& index = state_->indexes[i];
        std::vector<std::uint8_t> own(index.size());
        if (state_->live_in(i) == nullptr) {
            std::ranges::copy(mask.first(own.size()), own.begin());
        } else {
            const std::vector<std::uint32_t> rows = index.rows_in(*state_->live_in(i));
            for (std::size_t j = 0; j < rows.size(); ++j) own[rows[j]] = mask[j];
        }
        mask = mask.subspan(state_->n_live[i]);
        parts.push_back(index.filter(own));
    }
    return SegmentsFilter(made(std::move(parts), state_->live));
}

SegmentsFilter Segments::filter_of_rows(std::span<const std::uint64_t> rows) const {
    std::vector<std::vector<std::uint32_t>> own(n_segments());
    for (const std::uint64_t row : rows) {
        const SegmentRow place = place_of(row);
        own[place.segment].push_back(place.row);
    }
    std::vector<Filter> parts;
    for (std::size_t i = 0; i < n_segments(); ++i) parts.push_back(state_->indexes[i].filter_of_rows(own[i]));
    return SegmentsFilter(made(std::move(parts), state_->live));
}

std::vector<std::uint64_t> Segments::rows_in(const SegmentsFilter& filter) const {
    check_one(*state_, filter);
    std::vector<std::uint64_t> rows;
    rows.reserve(filter.size());
    for (std::size_t i = 0; i < n_segments(); ++i) {
        for (const std::uint32_t row : state_->indexes[i].rows_in(filter.parts()[i])) {
            rows.push_back(state_->starts[i] + row);
        }
    }
    return rows;
}

std::vector<std::uint64_t> Segments::live_rows() const {
    std::vector<std::uint64_t> rows;
    rows.reserve(size());
    for (std::size_t i = 0; i < n_segments(); ++i) {
        const std::uint64_t start = state_->starts[i];
        if (const Filter* live = state_->live_in(i)) {
            for (const std::uint32_t row : state_->indexes[i].rows_in(*live)) rows.push_back(start + row);
        } else {
            for (std::uint64_t row = start; row < state_->starts[i + 1]; ++row) rows.push_back(row);
        }
    }
    return rows;
}

void api::check_admission(const Segments::State& state, const SegmentsAdmission& admission, std::size_t n_queries) {
    const auto filters = admission.filters;
    if (admission.filter != nullptr && !filters.empty()) {
        raise(ErrorCode::invalid_argument, "give one filter for all queries or one for each, not both");
    }
    if (!filters.empty() && filters.size() != n_queries) {
        raise(ErrorCode::invalid_argument, "there must be a filter for each of the " + std::to_string(n_queries) +
                                               " queries; got " + std::to_string(filters.size()));
    }
    if (admission.filter != nullptr) check_one(state, *admission.filter);
    for (const SegmentsFilter* each : filters) {
        if (each == nullptr) raise(ErrorCode::invalid_argument, "filters must have no null among them");
        check_one(state, *each);
    }
    check_excluded(state, admission, n_queries);
}

}  // namespace nearfile
