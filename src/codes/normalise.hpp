// Directions: vectors of length one.
#pragma once

#include <span>

#include "kernels/kernels.hpp"

namespace nearfile::codes {

// Scale to length one; false (and untouched) where the length is zero.
bool normalise(const kernels::Kernels& kernels, std::span<float> values);

}  // namespace nearfile::codes
