// Random vectors of every awkward shape and exact distances, for the tests of this folder.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "check.hpp"
#include "codes/bounds.hpp"
#include "kernels/kernels.hpp"

namespace nearfile::codes::sample {

inline constexpr std::size_t dims[] = {1, 2, 3, 50, 64, 65, 128, 784, 4096};

enum class Shape { gaussian, outlier, constant, zero, far_from_origin, small, large, mixed_scales };
inline constexpr Shape shapes[] = {Shape::gaussian,        Shape::outlier, Shape::constant, Shape::zero,
                                   Shape::far_from_origin, Shape::small,   Shape::large,    Shape::mixed_scales};

inline const kernels::Kernels& chosen() {
    const char* message = nullptr;
    return *kernels::chosen(&message);
}

inline float uniform(base::Random& random) {
    return static_cast<float>(random.next() >> 40) * 0x1p-24f;
}

inline float normal(base::Random& random) {
    float sum = -6;
    for (int i = 0; i < 12; ++i) sum += uniform(random);
    return sum;
}

inline std::vector<float> gaussian(std::size_t n, base::Random& random) {
    std::vector<float> values(n);
    for (float& value : values) value = normal(random);
    return values;
}

inline std::vector<float> vector_of(Shape shape, std::size_t dim, base::Random& random) {
    std::vector<float> values = gaussian(dim, random);
    switch (shape) {
        case Shape::gaussian:
            break;
        case Shape::outlier:
            values[random.below(static_cast<std::uint32_t>(dim))] = 1e4f;
            break;
        case Shape::constant:
            for (float& value : values) value = 3.7f;
            break;
        case Shape::zero:
            for (float& value : values) value = 0;
            break;
        case Shape::far_from_origin:
            for (float& value : values) value = 1000.0f + value;
            break;
        case Shape::small:
            for (float& value : values) value *= 1e-12f;
            break;
        case Shape::large:
            for (float& value : values) value *= 1e15f;
            break;
        case Shape::mixed_scales:
            for (float& value : values) value *= std::ldexp(1.0f, static_cast<int>(random.below(40)) - 20);
            break;
    }
    return values;
}

inline double exact_euclidean(std::span<const float> a, std::span<const float> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
    return std::sqrt(sum);
}

inline double exact_negative_dot(std::span<const float> a, std::span<const float> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum -= double{a[i]} * b[i];
    return sum;
}

inline double exact_manhattan(std::span<const float> a, std::span<const float> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += std::fabs(double{a[i]} - b[i]);
    return sum;
}

// `what` says which case it was, should it not hold.
inline void check_bracket(float lower, double exact, float upper, const std::string& what) {
    if (lower <= exact && exact <= upper) return;
    test::fail(__FILE__, __LINE__,
               what + ": " + std::to_string(lower) + " <= " + std::to_string(exact) + " <= " + std::to_string(upper));
}

// Bounds of `count` rows, computed by `measure(ids, first, count, out)` in batches, by ids and by position.
struct Measured {
    std::vector<float> lower;
    std::vector<float> upper;
};

template <class Measure>
Measured measure_all(std::size_t count, bool by_ids, const Measure& measure) {
    Measured measured{std::vector<float>(count), std::vector<float>(count)};
    for (std::size_t first = 0; first < count; first += batch) {
        const std::size_t some = std::min(batch, count - first);
        std::vector<ItemId> ids(some);
        for (std::size_t j = 0; j < some; ++j) ids[j] = static_cast<ItemId>(first + j);
        const Bounds out{measured.lower.data() + first, measured.upper.data() + first};
        measure(by_ids ? ids.data() : nullptr, by_ids ? 0 : static_cast<ItemId>(first), some, out);
    }
    return measured;
}

// The mean gap between the bounds as a share of `length_of(row)`.
template <class LengthOf>
double mean_gap(const Measured& measured, const LengthOf& length_of) {
    double sum = 0;
    for (std::size_t row = 0; row < measured.lower.size(); ++row) {
        sum += (double{measured.upper[row]} - measured.lower[row]) / length_of(row);
    }
    return sum / static_cast<double>(measured.lower.size());
}

}  // namespace nearfile::codes::sample
