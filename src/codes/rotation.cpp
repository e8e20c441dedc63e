#include "codes/rotation.hpp"

#include <bit>
#include <cmath>

#include "base/random.hpp"

namespace nearfile::codes {
namespace {

constexpr std::size_t rounds = 4;

// The first two steps of sixteen values, four fours side by side, as compilers vectorise them.
void first_two_steps(float* v) {
    float a[4];
    float b[4];
    float c[4];
    float d[4];
    for (std::size_t j = 0; j < 4; ++j) {
        a[j] = v[4 * j];
        b[j] = v[4 * j + 1];
        c[j] = v[4 * j + 2];
        d[j] = v[4 * j + 3];
    }
    for (std::size_t j = 0; j < 4; ++j) {
        const float low = a[j] + b[j];
        const float low_difference = a[j] - b[j];
        const float high = c[j] + d[j];
        const float high_difference = c[j] - d[j];
        v[4 * j] = low + high;
        v[4 * j + 1] = low_difference + high_difference;
        v[4 * j + 2] = low - high;
        v[4 * j + 3] = low_difference - high_difference;
    }
}

// Unnormalised, in place; `width` is a power of two.
void hadamard(float* values, std::size_t width) {
    std::size_t half = 1;
    if (width >= 16) {
        for (std::size_t start = 0; start < width; start += 16) first_two_steps(values + start);
        half = 4;
    }
    for (; half < width; half *= 2) {
        for (std::size_t start = 0; start < width; start += 2 * half) {
            float* __restrict low = values + start;
            float* __restrict high = low + half;
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
        const std::size_t first = window_of(round);
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
        hadamard(values.data() + window_of(round), window_);
    }
}

// With its scale the transform is its own inverse, as signs are.
void Rotation::apply_inverse(std::span<float> values) const {
    for (std::size_t round = rounds; round-- > 0;) {
        hadamard(values.data() + window_of(round), window_);
        const float* signs = signs_.data() + round * dim_;
        for (std::size_t i = 0; i < dim_; ++i) values[i] *= signs[i];
    }
}

}  // namespace nearfile::codes
