#include "codes/rotation.hpp"

#include <bit>
#include <cmath>

#include "base/random.hpp"

namespace nearfile::codes {
namespace {

constexpr std::size_t rounds = 4;

// Unnormalised, in place; `width` is a power of two.
void hadamard(float* values, std::size_t width) {
    for (std::size_t half = 1; half < width; half *= 2) {
        for (std::size_t start = 0; start < width; start += 2 * half) {
            float* low = values + start;
            float* high = low + half;
            for (std::size_t i = 0; i < half; ++i) {
                const float a = low[i];
                const float b = high[i];
                low[i] = a + b;
                high[i] = a - b;
            }
        }
    }
}

}  // namespace

Rotation::Rotation(std::size_t dim, std::uint64_t seed)
    : dim_(dim), window_(std::bit_floor(dim)), signs_(rounds * dim) {
    base::Random random(seed);
    // The transform's scale goes with the signs.
    const auto scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(window_)));
    for (std::size_t round = 0; round < rounds; ++round) {
        const std::size_t first = round % 2 == 0 ? 0 : dim_ - window_;
        for (std::size_t i = 0; i < dim_; ++i) {
            const bool inside = i >= first && i < first + window_;
            const float size = inside ? scale : 1.0f;
            signs_[round * dim_ + i] = (random.next() >> 63) != 0 ? size : -size;
        }
    }
}

void Rotation::apply(std::span<float> values) const {
    for (std::size_t round = 0; round < rounds; ++round) {
        const float* signs = signs_.data() + round * dim_;
        for (std::size_t i = 0; i < dim_; ++i) values[i] *= signs[i];
        hadamard(values.data() + (round % 2 == 0 ? 0 : dim_ - window_), window_);
    }
}

}  // namespace nearfile::codes
