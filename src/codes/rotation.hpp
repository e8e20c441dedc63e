// A random rotation that costs O(d log d): rounds of random signs and Hadamard transforms over two windows, each as
// wide as the largest power of two that fits, at the beginning and at the end (the fast Johnson-Lindenstrauss transform
// of Ailon and Chazelle 2006, without its sparse step). It spreads the variance of the data evenly over the dimensions,
// which is what codes of few bits need. Only the seed is stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/kernels.hpp"

namespace nearfile::codes {

class Rotation {
public:
    Rotation(std::size_t dim, std::uint64_t seed);

    // In place; the same floats on every machine.
    void apply(const kernels::Kernels& kernels, std::span<float> values) const;
    // And back, but for rounding.
    void apply_inverse(const kernels::Kernels& kernels, std::span<float> values) const;

private:
    std::size_t window_of(std::size_t round) const noexcept { return round % 2 == 0 ? 0 : dim_ - window_; }

    std::size_t dim_;
    std::size_t window_;
    std::vector<float> signs_;  // dim of them a round
};

}  // namespace nearfile::codes
