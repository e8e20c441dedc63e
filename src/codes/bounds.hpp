// What every code promises: for one query and a batch of rows, a lower and an upper bound of the exact distance.
//
// The bounds hold: they follow from the triangle inequality, the lengths of what rounding to a code lost (kept with
// each row and with the query), and an allowance for rounding in floating point. So the search may drop every row whose
// lower bound is above the k-th smallest upper bound, and the answer is the same as if all candidates had been measured
// exactly.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.hpp"

namespace nearfile::codes {

using kernels::ItemId;

// Distances are those of the metric's space: not squared; for the inner product, its negative.
struct Bounds {
    float* lower;
    float* upper;
};

// Bounds are computed for this many rows at a time: enough to pay for the indirect calls, few enough to stay in L1.
inline constexpr std::size_t batch = 64;

// Relative rounding error of a float kernel over `dim` terms: each of 32 partial sums takes dim / 32 additions, then
// five more to fold; 2^-24 each, doubled for the products.
inline float rounding_allowance(std::size_t dim) noexcept {
    return (static_cast<float>(dim) / 32.0f + 8.0f) * 1.2e-7f;
}

}  // namespace nearfile::codes
