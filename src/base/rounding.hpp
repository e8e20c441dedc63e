// Rounding to a signed byte, the same on every machine: plain arithmetic that vectorises and depends on no rounding
// mode.
#pragma once

#include <algorithm>
#include <cstdint>

namespace nearfile::base {

// To the nearest whole number from -127 to 127, halves away from zero.
inline std::int8_t round_to_int8(float value) noexcept {
    const float clamped = std::clamp(value, -127.0f, 127.0f);
    return static_cast<std::int8_t>(static_cast<int>(clamped + (clamped < 0 ? -0.5f : 0.5f)));
}

}  // namespace nearfile::base
