#include "codes/nibble.hpp"

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>

namespace nearfile::codes {
namespace {

// Steps to try, in root mean squares of the values: the best for normal values is about 1/3 of it, for flat ones less,
// for peaked ones more.
constexpr std::array<float, 7> steps = {0.28f, 0.31f, 0.335f, 0.36f, 0.40f, 0.45f, 0.55f};

int level(float value, float inverse) {
    return std::clamp(static_cast<int>(value * inverse + 8.0f), 0, 15);
}

}  // namespace

float encode_nibbles(std::span<const float> values, const NibbleLayout& layout, std::byte* row) {
    std::memset(row, 0, layout.stride);
    double squares = 0;
    for (const float value : values) squares += static_cast<double>(value) * value;
    const auto spread = static_cast<float>(std::sqrt(squares / static_cast<double>(values.size())));
    float factor = 0;
    // Of what is smaller the inverse of a step would overflow.
    if (spread > 16 * FLT_MIN) {
        // The step whose code has the smallest angle to the vector.
        float best_step = steps[0];
        double best = -1;
        for (const float each : steps) {
            const float inverse = 1.0f / (each * spread);
            float code_squares = 0;
            float product = 0;
            for (const float value : values) {
                const float code = static_cast<float>(level(value, inverse)) - 7.5f;
                code_squares += code * code;
                product += code * value;
            }
            const double cosine = product / std::sqrt(static_cast<double>(code_squares));
            if (cosine > best) {
                best = cosine;
                best_step = each;
            }
        }
        const float inverse = 1.0f / (best_step * spread);
        double product = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
            const int code = level(values[i], inverse);
            product += (code - 7.5) * static_cast<double>(values[i]);
            const std::size_t at = i / 64 * 32 + i % 32;
            row[at] |= static_cast<std::byte>(i % 64 < 32 ? code : code << 4);
        }
        if (product > 0) factor = static_cast<float>(squares / product);
    }
    return factor;
}

}  // namespace nearfile::codes
