// A float and a number as one integer that sorts as the two would: one comparison without a branch, where comparing
// floats and then numbers takes two that a processor cannot foresee. Internal to annoy/.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace nearfile::annoy {

// By the value, whose zeros are equal and whose NaN is the largest; of equal ones by the number.
inline std::uint64_t ordered_key(float value, std::uint32_t number) noexcept {
    if (std::isnan(value)) value = std::numeric_limits<float>::quiet_NaN();
    const auto bits = std::bit_cast<std::uint32_t>(value + 0.0f);  // -0 + 0 is 0
    const std::uint32_t ascending = bits ^ (bits >> 31 != 0 ? 0xffffffffu : 0x80000000u);
    return std::uint64_t{ascending} << 32 | number;
}

inline float value_of_key(std::uint64_t key) noexcept {
    const auto ascending = static_cast<std::uint32_t>(key >> 32);
    return std::bit_cast<float>(ascending ^ (ascending >> 31 != 0 ? 0x80000000u : 0xffffffffu));
}

inline std::uint32_t number_of_key(std::uint64_t key) noexcept {
    return static_cast<std::uint32_t>(key);
}

}  // namespace nearfile::annoy
