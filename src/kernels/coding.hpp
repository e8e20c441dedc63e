// Codes of values, as compilers vectorise them; each value by itself, so that every version finds the same. In an
// anonymous namespace, as batch.hpp says why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace nearfile::kernels {
namespace {

// By bits, which are in the order of magnitudes, so that a compiler may keep several.
float largest_magnitude(const float* values, std::size_t count) {
    constexpr std::int32_t magnitude = 0x7fffffff;
    constexpr std::int32_t infinity = 0x7f800000;
    std::int32_t largest = 0;
    for (std::size_t i = 0; i < count; ++i) {
        std::int32_t bits;
        std::memcpy(&bits, values + i, sizeof bits);
        bits &= magnitude;
        bits = bits > infinity ? 0 : bits;
        largest = bits > largest ? bits : largest;
    }
    float result;
    std::memcpy(&result, &largest, sizeof result);
    return result;
}

// Bytes may be anything to a compiler, so it must be told that a code is not the values.
void round_to_i8(const float* __restrict values, float factor, std::size_t count, std::int8_t* __restrict code) {
    for (std::size_t i = 0; i < count; ++i) {
        const float value = values[i] * factor;
        const float below = value < 127.0f ? value : 127.0f;  // in this order, what is no number is 127
        const float clamped = below > -127.0f ? below : -127.0f;
        code[i] = static_cast<std::int8_t>(static_cast<std::int32_t>(clamped + (clamped < 0.0f ? -0.5f : 0.5f)));
    }
}

bool whole_u8(const float* __restrict values, std::size_t count, std::uint8_t* __restrict code) {
    for (std::size_t i = 0; i < count; ++i) {
        const float below = values[i] < 255.0f ? values[i] : 255.0f;
        const float clamped = below > 0.0f ? below : 0.0f;
        code[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(clamped));
    }
    std::int32_t differ = 0;
    for (std::size_t i = 0; i < count; ++i) differ |= static_cast<float>(code[i]) != values[i] ? 1 : 0;
    return differ == 0;
}

}  // namespace
}  // namespace nearfile::kernels
