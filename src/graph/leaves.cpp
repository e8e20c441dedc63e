#include "graph/leaves.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "graph/duplicates.hpp"

namespace nearfile::graph {
namespace {

constexpr std::size_t lanes = LeafProducts::most_best;
constexpr std::size_t columns = 4;
constexpr std::size_t rows = lanes / columns;
constexpr float never = std::numeric_limits<float>::infinity();

// How many items ahead a list is fetched.
constexpr std::size_t lists_ahead = 2;

}  // namespace

LeafProducts::LeafProducts(const Distances& distances, std::uint32_t best)
    : distances_(distances),
      packed_(distances.packed()),
      spreads_duplicates_(distances.spreads_duplicates()),
      best_(std::clamp(best, 1u, most_best)) {}

// As many as are wanted are not above it, and few others: of the least ones of `lanes` strided parts of the row, in
// columns, the nearest ones of each column. Selecting among all of the row takes ten times as long.
float LeafProducts::bound(const float* row, std::size_t padded) const {
    std::array<float, lanes> least;
    std::copy_n(row, lanes, least.begin());
    for (std::size_t j = lanes; j < padded; j += lanes) {
        for (std::size_t l = 0; l < lanes; ++l) least[l] = row[j + l] < least[l] ? row[j + l] : least[l];
    }
    // All columns at once, neighbours by turns.
    for (std::size_t round = 0; round < rows; ++round) {
        for (std::size_t r = round % 2; r + 1 < rows; r += 2) {
            float* const above = least.data() + r * columns;
            std::array<float, columns> lower;
            std::array<float, columns> upper;
            for (std::size_t c = 0; c < columns; ++c) {
                lower[c] = std::min(above[c], above[columns + c]);
                upper[c] = std::max(above[c], above[columns + c]);
            }
            std::copy_n(lower.begin(), columns, above);
            std::copy_n(upper.begin(), columns, above + columns);
        }
    }
    const float* const last = least.data() + ((best_ + columns - 1) / columns - 1) * columns;
    return *std::max_element(last, last + columns);
}

// `row`: the distances of the leaf's item i from all of it, with room for whole lanes.
void LeafProducts::offer_row(std::span<const ItemId> leaf, std::size_t i, float* row, CandidateLists& lists) {
    const std::size_t n = leaf.size();
    const std::size_t padded = (n + lanes - 1) / lanes * lanes;
    row[i] = never;
    if (spreads_duplicates_) keep_one_duplicate({row, n}, i);
    std::fill(row + n, row + padded, never);
    const Candidate limit = lists.limit(leaf[i]);
    float farthest = std::min(bound(row, padded), std::numeric_limits<float>::max());
    if (limit != no_candidate) farthest = std::min(farthest, distance_of(limit));
    std::size_t n_near = 0;
    for (std::size_t j = 0; j < n; ++j) {
        places_[n_near] = static_cast<std::uint32_t>(j);
        n_near += row[j] <= farthest ? 1 : 0;
    }
    if (n_near == 0) return;
    for (std::size_t k = 0; k < n_near; ++k) near_[k] = candidate(row[places_[k]], leaf[places_[k]]);
    std::sort(near_.begin(), near_.begin() + static_cast<std::ptrdiff_t>(n_near));
    near_[n_near] = no_candidate;
    lists.add(leaf[i], {near_.data(), n_near + 1});
}

void LeafProducts::offer_all(std::span<const ItemId> leaf, CandidateLists& lists) {
    const std::size_t n = leaf.size();
    const std::size_t padded = (n + lanes - 1) / lanes * lanes;
    matrix_.resize(std::max(matrix_.size(), n * padded));
    packed_->take(leaf);
    packed_->all(padded, matrix_.data());
    for (std::size_t i = 0; i < n; ++i) {
        if (i + lists_ahead < n) lists.prefetch(leaf[i + lists_ahead]);
        offer_row(leaf, i, matrix_.data() + i * padded, lists);
    }
}

void LeafProducts::offer(std::span<const ItemId> leaf, std::span<const std::uint8_t> wanted, CandidateLists& lists) {
    const std::size_t n = leaf.size();
    places_.resize(std::max(places_.size(), n + 1));
    near_.resize(std::max(near_.size(), n + 1));
    if (wanted.empty()) return offer_all(leaf, lists);
    // Of few the distances cost less one by one than those of all from all.
    matrix_.resize(std::max(matrix_.size(), n + lanes));
    for (std::size_t i = 0; i < n; ++i) {
        if (wanted[leaf[i]] == 0) continue;
        distances_.from(leaf[i], leaf, matrix_.data());
        offer_row(leaf, i, matrix_.data(), lists);
    }
}

}  // namespace nearfile::graph
