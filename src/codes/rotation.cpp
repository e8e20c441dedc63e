#include "codes/rotation.hpp"

#include <bit>
#include <cmath>

#include "base/random.hpp"

namespace nearfile::codes {
namespace {

constexpr std::size_t rounds = 4;

}  // namespace

Rotation::Rotation(std::size_t dim, std::uint64_t seed)
    : dim_(dim), window_(std::bit_floor(dim)), signs_(rounds * dim) {
    base::Random random(seed);
    // The transform's scale goes with the signs.
    const auto scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(window_)));
    for (std::size_t round = 0; round < rounds; ++round) {
        const std::size_t first = window_of(round);
        for (std::size_t i = 0; i < dim_; ++i) {
            const bool inside = i >= first && i < first + window_;
            const float size = inside ? scale : 1.0f;
            signs_[round * dim_ + i] = (random.next() >> 63) != 0 ? size : -size;
        }
    }
}

void Rotation::apply(const kernels::Kernels& kernels, std::span<float> values) const {
    for (std::size_t round = 0; round < rounds; ++round) {
        const float* signs = signs_.data() + round * dim_;
        for (std::size_t i = 0; i < dim_; ++i) values[i] *= signs[i];
        kernels.hadamard(values.data() + window_of(round), window_);
    }
}

// With its scale the transform is its own inverse, as signs are.
void Rotation::apply_inverse(const kernels::Kernels& kernels, std::span<float> values) const {
    for (std::size_t round = rounds; round-- > 0;) {
        kernels.hadamard(values.data() + window_of(round), window_);
        const float* signs = signs_.data() + round * dim_;
        for (std::size_t i = 0; i < dim_; ++i) values[i] *= signs[i];
    }
}

}  // namespace nearfile::codes
