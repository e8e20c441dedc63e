// Fewer dimensions for planes, sketches and 4-bit codes: the directions in which the data varies most, found on a
// sample. A plane over 784 values costs thirteen cache lines each time a query passes it; over 128 it costs two and
// parts the data nearly as well. Codes that bound distances and vectors keep every dimension.
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

// The planes of a forest see so many directions of data that has more dimensions.
inline constexpr std::size_t projected_dim = 128;

// A graph sees a multiple of so many: 4-bit codes come in blocks of 64 dimensions.
inline constexpr std::size_t direction_group = 64;

inline std::size_t plane_dim(std::size_t dim) noexcept {
    return dim > projected_dim ? projected_dim : dim;
}

// The matrix as it lies in the file. Views, not owned.
struct Projection {
    std::span<const std::int8_t> rows;  // one a direction, of dim codes
    std::span<const float> scales;      // one a direction
    std::size_t dim;

    std::size_t directions() const noexcept { return scales.size(); }

    // `code`: dim codes, zeros up to a multiple of 64, standing for scale * code. `out`: one value a direction.
    void apply(const kernels::Kernels& kernels, const std::int8_t* code, float scale, std::span<float> out) const;
};

struct TrainedProjection {
    base::AlignedBuffer rows;
    std::vector<float> scales;

    Projection view(std::size_t dim) const noexcept { return {rows.as<const std::int8_t>(), scales, dim}; }
};

// Directions at right angles, those in which a sample varies most first.
class Directions {
public:
    // `wanted` of them, of a sample of n x dim floats: subspace iteration (Halko, Martinsson, Tropp 2011, algorithm
    // 4.4), then the same within the subspace that was found. The work grows with n * dim * wanted, never with the
    // square of dim.
    Directions(const kernels::Kernels& kernels, std::span<const float> sample, std::size_t dim, std::size_t wanted,
               std::uint64_t seed, unsigned threads);

    // The projection to the first `count` of them.
    TrainedProjection leading(const kernels::Kernels& kernels, std::size_t count) const;

private:
    std::size_t dim_;
    std::uint64_t rotation_seed_;
    std::vector<float> rows_;
};

TrainedProjection train_projection(const kernels::Kernels& kernels, std::span<const float> sample, std::size_t dim,
                                   std::size_t directions, std::uint64_t seed, unsigned threads);

}  // namespace nearfile::codes
