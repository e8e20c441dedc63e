// Rounding to a signed byte, the same on every machine: plain arithmetic that vectorises and depends on no rounding
// mode.
#pragma once

#include <algorithm>
#include <cstdint>

namespace nearfile::base {

// To the nearest whole number from -127 to 127, halves away from zero. What is no number (of a damaged file) becomes
// 127: the order of the arguments of min matters.
inline std::int8_t round_to_int8(float value) noexcept {
    const float clamped = std::max(-127.0f, std::min(127.0f, value));
    return static_cast<std::int8_t>(static_cast<int>(clamped + (clamped < 0 ? -0.5f : 0.5f)));
}

}  // namespace nearfile::base
