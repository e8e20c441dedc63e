// Fewer dimensions for the planes of the forest: the directions in which the data varies most, found on a sample. A
// plane over 784 values costs thirteen cache lines each time a query passes it; over 128 it costs two and parts the
// data nearly as well. Only planes use it; codes and vectors keep every dimension.
//
// The directions are rotated at random among themselves, so that they share the variance and one byte a value is enough
// for each, and are stored in signed bytes with a scale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "kernels/kernels.hpp"

namespace nearfile::codes {

// Data of more dimensions than this is projected to this many.
inline constexpr std::size_t projected_dim = 128;

inline std::size_t plane_dim(std::size_t dim) noexcept {
    return dim > projected_dim ? projected_dim : dim;
}

// The matrix as it lies in the file. Views, not owned.
struct Projection {
    std::span<const std::int8_t> rows;  // projected_dim rows of dim codes
    std::span<const float> scales;      // one a row
    std::size_t dim;

    // `code`: dim codes, zeros up to a multiple of 64, standing for scale * code. `out`: one value a direction.
    void apply(const kernels::Kernels& kernels, const std::int8_t* code, float scale, std::span<float> out) const;
};

struct TrainedProjection {
    base::AlignedBuffer rows;
    std::vector<float> scales;
};

// Subspace iteration (Halko, Martinsson, Tropp 2011, algorithm 4.4) on a sample of n x dim floats.
TrainedProjection train_projection(const kernels::Kernels& kernels, std::span<const float> sample, std::size_t dim,
                                   std::uint64_t seed);

}  // namespace nearfile::codes
