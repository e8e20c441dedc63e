// Several indexes searched as one: the answer is that of one index of all their live items.
//
// A row is numbered through all segments: row r of segment s is row starts[s] + r here, where starts[s] is how many
// rows the segments before have, those that are not live among them. What is not live is never an answer and never
// found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "nearfile/expression.hpp"
#include "nearfile/filter.hpp"
#include "nearfile/index.hpp"
#include "nearfile/types.hpp"

namespace nearfile {

struct Segment {
    Index index;
    std::optional<Filter> live = std::nullopt;  // where anything is deleted, what is not
    std::int64_t first_id = 0;                  // of ids that are rows: that of row 0
};

struct SegmentsNeighbor {
    std::uint64_t row;
    float distance;
};

// Of query q from offsets[q] to offsets[q + 1].
struct RaggedSegmentsNeighbors {
    std::vector<SegmentsNeighbor> neighbors;
    std::vector<std::uint64_t> offsets;  // one more than there are queries
};

// A row as its segment knows it.
struct SegmentRow {
    std::uint32_t segment;
    std::uint32_t row;
};

// Which items of some segments may be answers: a Filter a segment, of what is live. It serves the same segments with
// the same live items, wherever they are opened.
//
// Threading: immutable; copies share what it is made of.
class SegmentsFilter {
public:
    // How many items it allows.
    std::uint64_t size() const noexcept;

    // What both allow, what one of them allows, what is live and it does not allow. Throw Error(invalid_argument) where
    // the other one is of other segments.
    SegmentsFilter operator&(const SegmentsFilter& other) const;
    SegmentsFilter operator|(const SegmentsFilter& other) const;
    SegmentsFilter operator~() const;

    // For keeping it elsewhere: a filter a segment, what is live where anything is deleted, and
    // Segments::fingerprint() of what it is for.
    std::span<const Filter> parts() const noexcept;
    std::span<const std::optional<Filter>> live() const noexcept;
    std::uint64_t fingerprint() const noexcept;

    // The same filter again. Throws Error(invalid_argument) where the parts do not fit what is live.
    static SegmentsFilter of_parts(std::vector<Filter> parts, std::vector<std::optional<Filter>> live,
                                   std::uint64_t fingerprint);

    struct State;

private:
    friend class Segments;
    explicit SegmentsFilter(std::shared_ptr<const State> state) : state_(std::move(state)) {}
    std::shared_ptr<const State> state_;
};

// Who may be an answer: as SearchOptions has it for one index. One filter for all queries or one for each, and rows
// that are no answers. Borrowed by the search.
struct SegmentsAdmission {
    const SegmentsFilter* filter = nullptr;
    std::span<const SegmentsFilter* const> filters = {};
    std::span<const std::uint64_t> exclude = {};
    std::span<const std::size_t> exclude_starts = {};
};

// Threading: immutable, as an Index is.
class Segments {
public:
    // Throws Error(invalid_argument) where they differ in dimension, metric or kind of id (rows and int64 are both
    // numbers), where `live` is of another index, and where ids are beyond int64 or rows beyond 2^63. Of no segments at
    // all every answer is empty, whatever the query.
    explicit Segments(std::vector<Segment> segments);

    std::uint64_t size() const noexcept;    // live items
    std::uint64_t n_rows() const noexcept;  // and those that are not
    std::size_t n_segments() const noexcept;
    std::uint32_t dim() const noexcept;  // 0 of no segments
    Metric metric() const noexcept;      // angular of no segments
    IdKind id_kind() const noexcept;     // int64 where any segment has that; rows of no segments
    const Index& index(std::size_t segment) const;

    // Made of the fingerprints of all indexes, of what is live and of first ids.
    std::uint64_t fingerprint() const noexcept;

    // How far the first queries were from all segments, beside the calibration of that whose items are the farthest
    // apart; and what counts as far.
    QueryDrift query_drift() const noexcept;
    float far_from() const noexcept;

    // The nearest of one query of dim() floats, nearest first: k, or all that are live and admitted. Ties go to the
    // smaller id; strings count in the order of segments, then of adding. `options.effort` and `options.recall` are for
    // segments that are graphs, `search_k` for forests; filters and exclusions come by `admission` alone.
    //
    // `shares`, where given, says for each segment which part of the k nearest to expect in it, from 0 to 1; it is one
    // of n_segments() values a query. A segment is asked accordingly, the largest share first, and one of 0 not at all,
    // unless the others have fewer than k. Without it items are taken to be spread at random.
    std::vector<SegmentsNeighbor> search(std::span<const float> query, const SearchOptions& options = {},
                                         const SegmentsAdmission& admission = {},
                                         std::span<const float> shares = {}) const;

    // The most answers that a query gets.
    std::size_t width(const SearchOptions& options, const SegmentsAdmission& admission = {}) const;

    // A batch: n x width() ids (int64_id(); rows for strings) and distances, row after row; -1 and nan behind the last
    // answer of a query.
    void search_batch(std::span<const float> queries, const SearchOptions& options, const SegmentsAdmission& admission,
                      std::span<std::int64_t> ids, std::span<float> distances,
                      std::span<const float> shares = {}) const;

    // Every live item within a radius of each query, as Index::search_radius_batch() has it. `admission` has filters
    // and no exclusions.
    RaggedSegmentsNeighbors search_radius_batch(std::span<const float> queries, float radius,
                                                const RadiusOptions& options = {},
                                                const SegmentsAdmission& admission = {}) const;

    // Filters of what is live and allowed: by an expression, by a byte a live item in the order of rows, by rows.
    SegmentsFilter filter(const Expression& allowed) const;
    SegmentsFilter filter(std::span<const std::uint8_t> mask) const;
    SegmentsFilter filter_of_rows(std::span<const std::uint64_t> rows) const;

    // What a filter allows, ascending; all rows that are live.
    std::vector<std::uint64_t> rows_in(const SegmentsFilter& filter) const;
    std::vector<std::uint64_t> live_rows() const;

    // Ids to live rows and back; of another kind than id_kind() nothing is found.
    std::optional<std::uint64_t> find(std::int64_t id) const;
    std::optional<std::uint64_t> find(std::string_view id) const;
    std::int64_t int64_id(std::uint64_t row) const;       // the row itself where ids are strings
    std::string_view string_id(std::uint64_t row) const;  // into the map

    // Throws Error(not_found) where there is no such row.
    SegmentRow place_of(std::uint64_t row) const;
    std::uint64_t row_of(SegmentRow place) const;

    struct State;

private:
    std::shared_ptr<const State> state_;
};

}  // namespace nearfile
