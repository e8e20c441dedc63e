// Directions: vectors of length one.
#pragma once

#include <span>

#include "kernels/kernels.hpp"

namespace nearfile::codes {

// Scale to length one; false (and untouched) where the length is zero.
bool normalise(const kernels::Kernels& kernels, std::span<float> values);

// What normalise() multiplies by; 0 where the length is zero, and no_inverse_length where it takes the detour.
inline constexpr float no_inverse_length = -1.0f;
float inverse_length(const kernels::Kernels& kernels, std::span<const float> values);

}  // namespace nearfile::codes
