// How many bits of a word are set. In an anonymous namespace, as batch.hpp says why; hence no std::popcount.
#pragma once

#include <cstdint>

namespace nearfile::kernels {
namespace {

// Counts in pairs, then nibbles, then bytes; the product gathers the bytes in the top one. Compilers know it, and use
// an instruction where there is one.
[[gnu::always_inline]] inline std::uint32_t n_ones(std::uint64_t word) {
    word -= (word >> 1) & 0x5555555555555555U;
    word = (word & 0x3333333333333333U) + ((word >> 2) & 0x3333333333333333U);
    word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fU;
    return static_cast<std::uint32_t>((word * 0x0101010101010101U) >> 56);
}

}  // namespace
}  // namespace nearfile::kernels
