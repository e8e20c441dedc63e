// Single precision to bfloat16, the upper half of its bits: to the nearest, ties to even; and back. It has the range
// of single precision, so nothing has to be scaled for it.
#pragma once

#include <bit>
#include <cstdint>

namespace nearfile::base {

inline std::uint16_t to_bfloat16(float value) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const auto upper = static_cast<std::uint16_t>(bits >> 16);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return upper | 0x40u;  // not a number, and not infinity for want of bits
    return static_cast<std::uint16_t>((bits + 0x7fffu + (upper & 1u)) >> 16);
}

inline float from_bfloat16(std::uint16_t value) noexcept {
    return std::bit_cast<float>(std::uint32_t{value} << 16);
}

}  // namespace nearfile::base
