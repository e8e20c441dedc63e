#include "codes/normalise.hpp"

#include <cmath>

namespace nearfile::codes {

bool normalise(const kernels::Kernels& kernels, std::span<float> values) {
    float squares = 0;
    kernels.dot_f32(values.data(), values.data(), 0, nullptr, 1, values.size(), &squares);
    // Far from under- and overflow single precision will do; elsewhere take a detour.
    if (squares > 1e-30f && squares < 1e30f) {
        const float inverse = 1.0f / std::sqrt(squares);
        for (float& value : values) value *= inverse;
        return true;
    }
    double sum = 0;
    for (const float value : values) sum += static_cast<double>(value) * value;
    if (!(sum > 0)) return false;
    const double inverse = 1.0 / std::sqrt(sum);
    for (float& value : values) value = static_cast<float>(value * inverse);
    return true;
}

}  // namespace nearfile::codes
