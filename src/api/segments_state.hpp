// What Segments and their filters are made of.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "nearfile/segments.hpp"
#include "opened/query_drift.hpp"
#include "opened/scratch_pool.hpp"
#include "search/joint.hpp"

namespace nearfile {

// What is live in some segments, and which these are.
struct LiveItems {
    std::vector<std::optional<Filter>> filters;  // one a segment
    std::uint64_t fingerprint;
};

struct SegmentsFilter::State {
    std::vector<Filter> parts;
    std::shared_ptr<const LiveItems> live;
    std::uint64_t size;
};

struct Segments::State {
    std::vector<Index> indexes;
    std::vector<std::int64_t> first_ids;
    std::vector<std::uint64_t> starts;  // the row that each segment begins with, and the end
    std::shared_ptr<const LiveItems> live;
    std::vector<std::uint32_t> n_live;
    std::vector<std::uint32_t> largest_first;  // those that have anything live
    std::vector<search::JointPart> parts;      // the same in that order
    mutable opened::ScratchPool joints;        // search::Joint of these parts
    std::uint64_t size = 0;
    std::uint32_t dim = 0;
    Metric metric = Metric::angular;
    IdKind id_kind = IdKind::row;
    float far_from = 0;
    mutable opened::QueryDriftWatch drift;

    std::size_t n_segments() const noexcept { return indexes.size(); }
    bool is_live(SegmentRow place) const noexcept;
    // What numbers are called, and what decides ties.
    std::int64_t id_of(SegmentRow place) const noexcept;
    const Filter* live_in(std::size_t segment) const noexcept {
        const auto& filter = live->filters[segment];
        return filter ? &*filter : nullptr;
    }
};

}  // namespace nearfile

namespace nearfile::api {

// Throws Error(not_found).
SegmentRow place_of(const Segments::State& state, std::uint64_t row);
// Throw Error(invalid_argument) where a filter is of other segments, or filters are not one a query.
void check_admission(const Segments::State& state, const SegmentsAdmission& admission, std::size_t n_queries);

}  // namespace nearfile::api
