// One query against the items of one index: bounds of distances from the codes, exact distances from the vectors.
//
// "Distance" here is the one the user sees, except for inner products, which are negated so that smaller is nearer.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "codes/bounds.hpp"
#include "codes/scaled.hpp"
#include "codes/uniform.hpp"
#include "forest/gather.hpp"
#include "opened/state.hpp"
#include "search/vector_distances.hpp"

namespace nearfile::search {

// Some items in sequence, ready to be measured for any number of queries: decoded where they are not floats, with the
// inverse of their lengths where only directions count. Refers to the map where it can.
class RowBlock {
public:
    explicit RowBlock(const Index::State& state);

    // `count` is at most codes::batch.
    void load(codes::ItemId first, std::size_t count);

    const float* rows() const noexcept { return rows_; }
    std::size_t count() const noexcept { return count_; }
    // Zero where there is no direction; not a number where single precision has none.
    const float* inverse_lengths() const noexcept { return inverse_lengths_.data(); }

private:
    const Index::State& state_;
    std::size_t dim_;
    bool in_map_;
    const float* rows_ = nullptr;
    std::size_t count_ = 0;
    std::vector<float> decoded_;
    std::array<float, codes::batch> inverse_lengths_{};
};

// What a query looks like in the space of walks, and where it begins: found for all queries of a batch before any of
// them walks.
struct SeenQuery {
    forest::Range leaf;
    std::vector<std::int8_t> code;
    std::vector<float> values;
    float scale = 0;
};

class Scorer {
public:
    // Exact distances are computed for this many rows at a time.
    static constexpr std::size_t exact_batch = 16;

    explicit Scorer(const Index::State& state);

    // `values`: dim finite floats (zeros and ones for hamming).
    void set_query(std::span<const float> values);

    // The query as codes, for bounds() where there are any. Walks over 4-bit codes do without.
    void prepare_codes();
    // From the codes, and where there are none from the vectors. Rows ids[0..count), or first, first + 1, ... where ids
    // is null; count is at most codes::batch.
    void bounds(const codes::ItemId* ids, codes::ItemId first, std::size_t count, codes::Bounds out);

    // Exact distances of `count` items, at most exact_batch.
    void exact(const codes::ItemId* ids, std::size_t count, float* distances);

    // Bounds of items from their vectors: as narrow as single precision is, at the speed of memory.
    void bounds(const RowBlock& rows, codes::Bounds out) const;

    void prefetch_exact(codes::ItemId id);
    // All that exact() reads, long before.
    void prefetch_vector(codes::ItemId id) const noexcept;
    void prefetch_bounds(codes::ItemId id) const noexcept;

    // Distinct candidates from the forest, at least `wanted` of them or all there are; of those that are allowed where
    // a bit an item says so.
    void gather(std::size_t wanted, std::span<const std::uint64_t> allowed, forest::GatherScratch& scratch,
                std::vector<codes::ItemId>& found);

    // The leaf of the entry tree that the query falls into; set_space() is done with it.
    forest::Range entry_leaf();
    // What entry_leaf() and set_space() have found, and to have found it.
    void keep_seen(SeenQuery& seen);
    void restore_seen(const SeenQuery& seen);

    // Where a walk through the graph begins.
    void entry_points(std::vector<codes::ItemId>& found);

    // The query as planes and walks see it; set_space() first.
    void set_space();
    const codes::ScaledQuery& seen() const noexcept {
        return state_.space.kind() == opened::SpaceKind::own ? scaled_ : seen_;
    }
    std::span<const float> seen_values() const noexcept { return seen_values_; }
    std::span<const std::uint64_t> words() const noexcept { return words_; }
    float centered_norm() const noexcept { return centered_norm_; }

private:
    float seen_length() const;  // of the query as planes and walks see it

    void measure_split(const codes::ItemId* ids, std::size_t count, float* squares);
    bool codes_are_exact();
    void bounds_of_codes(const codes::ItemId* ids, codes::ItemId first, std::size_t count, codes::Bounds out) const;
    void exact_of_codes(const codes::ItemId* ids, std::size_t count, float* distances);
    void distances_of_squares(const codes::ItemId* ids, std::size_t count, float* distances) const;
    double precise_distance(codes::ItemId id) const;

    const Index::State& state_;
    std::size_t dim_;
    std::vector<float> values_;  // of length one for angular and cosine
    std::vector<float> centered_;
    std::optional<VectorDistances> vectors_;  // where the index keeps any
    std::vector<float> rows_;                 // exact_batch decoded rows, where it keeps none
    std::array<bool, exact_batch> row_has_direction_;
    std::vector<std::uint64_t> words_;
    codes::ScaledQuery scaled_;
    codes::ScaledQuery seen_;  // in the space of planes and walks, where that is not their own
    std::vector<float> seen_values_;
    std::vector<float> kept_query_;  // as split codes of directions are measured against: with the center
    std::optional<codes::UniformQuery> uniform_;
    float centered_norm_ = 0;  // squared
    bool has_direction_ = true;
    bool codes_ready_ = false;
    bool space_ready_ = false;
    std::optional<forest::Range> leaf_;  // where it is known
};

}  // namespace nearfile::search
