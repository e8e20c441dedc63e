#include "codes/normalise.hpp"

#include <cmath>

namespace nearfile::codes {

namespace {

double squares_of(std::span<const float> values) {
    double sum = 0;
    for (const float value : values) sum += static_cast<double>(value) * value;
    return sum;
}

}  // namespace

float inverse_length(const kernels::Kernels& kernels, std::span<const float> values) {
    float squares = 0;
    kernels.dot_f32(values.data(), values.data(), 0, nullptr, 1, values.size(), &squares);
    // Far from under- and overflow single precision will do; elsewhere take a detour.
    if (squares > 1e-30f && squares < 1e30f) return 1.0f / std::sqrt(squares);
    return squares_of(values) > 0 ? no_inverse_length : 0.0f;
}

bool normalise(const kernels::Kernels& kernels, std::span<float> values) {
    const float single = inverse_length(kernels, values);
    if (single == 0) return false;
    if (single > 0) {
        for (float& value : values) value *= single;
        return true;
    }
    const double inverse = 1.0 / std::sqrt(squares_of(values));
    for (float& value : values) value = static_cast<float>(value * inverse);
    return true;
}

}  // namespace nearfile::codes
