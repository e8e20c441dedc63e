// A static index, mapped from a file: what is opened, searched and shared.
//
// Threading: an Index is immutable; any number of threads may call any const member at once. Copies share the mapping,
// which is released when the last copy goes, so dropping one while another thread searches its own copy is safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nearfile/attributes.hpp"
#include "nearfile/expression.hpp"
#include "nearfile/filter.hpp"
#include "nearfile/inspection.hpp"
#include "nearfile/types.hpp"

namespace nearfile {

struct Neighbor {
    std::uint32_t row;  // position in the order of adding; Index::int64_id and string_id give its name
    float distance;
};

// Where a batch has fewer answers for a query than for another one: behind its last.
inline constexpr Neighbor no_neighbor{0xffffffffu, std::numeric_limits<float>::quiet_NaN()};

// What is within a radius of some queries, all in one: of query q from offsets[q] to offsets[q + 1].
struct RaggedNeighbors {
    std::vector<Neighbor> neighbors;
    std::vector<std::uint64_t> offsets;  // one more than there are queries

    std::span<const Neighbor> operator[](std::size_t query) const noexcept {
        return std::span(neighbors).subspan(offsets[query], offsets[query + 1] - offsets[query]);
    }
};

struct Section {
    std::string name;
    std::uint64_t offset;
    std::uint64_t bytes;
};

// What walks of an effort found of the k nearest of the calibration's queries, when the index was built.
struct CalibrationPoint {
    std::uint32_t k;
    std::uint32_t effort;
    float recall;          // the mean over the queries
    float standard_error;  // of the mean
};

// The most recall that searches of a k get from walks: what asks for more looks at every item, which is exact. 1 where
// walks give whatever is asked for below 1. Nothing of a k whose walks would take longer than a look at every item.
struct WalkRecall {
    std::uint32_t k;
    float recall;
};

struct Info {
    std::string path;             // empty for an index in memory
    std::string library_version;  // that wrote the file
    std::uint32_t format_version;
    Metric metric;
    std::uint32_t dim;
    std::uint32_t count;
    ValueType value_type;
    IdKind id_kind;
    Structure structure;
    Profile profile;              // of a graph
    Keep keep;                    // of a graph
    std::uint32_t degree;         // of a graph: places for neighbours
    std::uint32_t n_trees;        // that it was built with; a graph takes at most 16 and keeps one of its own
    std::uint32_t n_trees_asked;  // that the build was asked for, the same unless they were more than that
    std::uint32_t leaf_size;
    std::uint64_t seed;
    std::vector<CalibrationPoint> calibration;  // of a graph; ascending k, then effort
    std::vector<WalkRecall> walk_recall;        // of a graph that searches walk
    // Of a graph that was calibrated with items or given queries, how far the nearest items were from its queries: the
    // distance that 1, 25, 50, 75 and 99 in 100 do not exceed; for dot the negative inner product of queries of
    // length 1. Zeros else.
    std::array<float, 5> calibrated_nearest;
    std::uint64_t file_bytes;
    std::vector<Section> sections;
};

// How far the first queries that walked since the index was opened are from those of the calibration. Where most are
// far, answers have less recall than was asked for.
struct QueryDrift {
    std::uint32_t seen;     // at most `watched`
    std::uint32_t far;      // whose nearest item was farther than those of 99 in 100 of the calibration's queries
    std::uint32_t watched;  // how many are looked at; 0 where there is no calibration to compare them with
};

class Index {
public:
    // Map a file. Checks the header and every section's place and size, in time that does not grow with the index.
    static Index open(const std::string& path, const OpenOptions& options = {});

    // Search a file's bytes in memory, not copied; `owner` keeps them alive. `bytes` must start at a multiple of 64.
    static Index open_buffer(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                             const OpenOptions& options = {});

    std::uint32_t size() const noexcept;
    std::uint32_t dim() const noexcept;
    Metric metric() const noexcept;
    IdKind id_kind() const noexcept;
    Info info() const;
    QueryDrift query_drift() const noexcept;

    // The whole file as it is on disk.
    std::span<const std::byte> bytes() const noexcept;

    // The nearest of one query of dim() floats, nearest first: k, or all that there are and the filter allows. Ties go
    // to the smaller id; strings count in the order of adding.
    std::vector<Neighbor> search(std::span<const float> query, const SearchOptions& options = {}) const;

    // The most answers that a query with these options gets: k, or how many items there are, or how many the filter
    // that allows the most of them allows.
    std::uint32_t width(const SearchOptions& options) const;

    // A batch: `queries` holds n x dim() floats, `out` n x width(options) neighbours, both row after row. Where a query
    // has fewer answers, no_neighbor is behind them.
    void search_batch(std::span<const float> queries, const SearchOptions& options, std::span<Neighbor> out) const;

    // The same as two arrays: ids as int64_id() gives them (-1 where there is no answer), and distances.
    void search_batch(std::span<const float> queries, const SearchOptions& options, std::span<std::int64_t> ids,
                      std::span<float> distances) const;

    // Filters: of what an expression allows, of a byte a row that is not zero where it is allowed, and of rows. Throw
    // Error(invalid_argument) where the expression does not fit the columns or the bytes are not as many as the items,
    // Error(not_found) for a row that is none.
    Filter filter(const Expression& allowed) const;
    Filter filter(std::span<const std::uint8_t> mask) const;
    Filter filter_of_rows(std::span<const std::uint32_t> rows) const;

    // What a filter allows, ascending.
    std::vector<std::uint32_t> rows_in(const Filter& filter) const;

    // Made of the checksums of everything in the file: files with the same one are the same.
    std::uint64_t fingerprint() const noexcept;

    // Every item at most `radius` from one query of dim() floats, or for dot with an inner product of at least that,
    // nearest first, ties as of search(). No radius but of dot is negative; an infinite one holds all.
    std::vector<Neighbor> search_radius(std::span<const float> query, float radius,
                                        const RadiusOptions& options = {}) const;

    // The same of a batch: `queries` holds n x dim() floats.
    RaggedNeighbors search_radius_batch(std::span<const float> queries, float radius,
                                        const RadiusOptions& options = {}) const;

    // The min(k, size()) nearest of every item, row after row in the order of adding: each itself first, whatever is as
    // near, at distance 0 or for dot with its inner product, then the others nearest first. Both arrays hold as many a
    // row.
    void knn_graph(const KnnGraphOptions& options, std::span<std::uint32_t> rows, std::span<float> distances) const;

    // The vector as it was added (zeros and ones for hamming), into `out` of dim() floats.
    void vector(std::uint32_t row, std::span<float> out) const;

    // The distance of two items by the index's metric.
    float distance(std::uint32_t a, std::uint32_t b) const;

    // Ids to rows and back. find() of another kind than id_kind() finds nothing.
    std::optional<std::uint32_t> find(std::int64_t id) const;
    std::optional<std::uint32_t> find(std::string_view id) const;
    std::int64_t int64_id(std::uint32_t row) const;       // the row itself for other kinds than int64
    std::string_view string_id(std::uint32_t row) const;  // into the map

    // What is known of the items beside their vectors; empty where nothing was added.
    std::vector<ColumnInfo> columns() const;

    // The values of these rows, one after another, in the order of columns().
    std::vector<Column> attributes(std::span<const std::uint32_t> rows) const;

    // What the file has of an item, and where. Throws Error(bad_file) that names the section where what it needs is
    // damaged.
    Inspection inspect(std::uint32_t row) const;

    // Check every checksum and every stored id; throws Error(bad_file) that names the section at fault.
    void verify() const;

    struct State;
    const State& state() const noexcept { return *state_; }

private:
    friend class Builder;
    explicit Index(std::shared_ptr<const State> state) : state_(std::move(state)) {}
    std::shared_ptr<const State> state_;
};

}  // namespace nearfile
