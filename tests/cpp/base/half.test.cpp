// Conversion to half precision, against every half there is: itself comes back, and what lies between two goes to the
// nearer one, from the middle to the even one.
#include "base/half.hpp"

#include <cmath>
#include <limits>

#include "check.hpp"

using nearfile::base::to_half;

namespace {

constexpr std::uint16_t infinity = 0x7c00;
constexpr std::uint16_t sign = 0x8000;

// What a half that is neither infinite nor no number stands for.
float value_of(std::uint16_t half) {
    const int exponent = half >> 10 & 31;
    const int mantissa = half & 1023;
    const float magnitude = exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -24)
                                          : std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
    return (half & sign) != 0 ? -magnitude : magnitude;
}

}  // namespace

TEST(half_of_every_half_is_itself) {
    for (std::uint32_t magnitude = 0; magnitude < infinity; ++magnitude) {
        const auto half = static_cast<std::uint16_t>(magnitude);
        CHECK(to_half(value_of(half)) == half);
        CHECK(to_half(value_of(half | sign)) == (half | sign));
    }
    constexpr float infinite = std::numeric_limits<float>::infinity();
    CHECK(to_half(infinite) == infinity && to_half(-infinite) == (infinity | sign));
}

TEST(half_of_what_lies_between_is_the_nearer_one_and_of_the_middle_the_even_one) {
    for (std::uint32_t magnitude = 0; magnitude + 1 < infinity; ++magnitude) {
        const auto low = static_cast<std::uint16_t>(magnitude);
        const auto high = static_cast<std::uint16_t>(magnitude + 1);
        const float middle = (value_of(low) + value_of(high)) / 2;  // exact
        CHECK(to_half(middle) == (low % 2 == 0 ? low : high));
        CHECK(to_half(std::nextafter(middle, 0.0f)) == low);
        CHECK(to_half(std::nextafter(middle, 1e30f)) == high);
        CHECK(to_half(-middle) == ((low % 2 == 0 ? low : high) | sign));
    }
}

TEST(half_of_what_is_too_large_is_infinite) {
    CHECK(to_half(65504.0f) == 0x7bff);
    CHECK(to_half(std::nextafter(65520.0f, 0.0f)) == 0x7bff);
    for (const float value : {65520.0f, 65536.0f, 1e6f, 3.4e38f}) {
        CHECK(to_half(value) == infinity);
        CHECK(to_half(-value) == (infinity | sign));
    }
}

TEST(half_of_what_is_too_small_is_zero_of_its_sign) {
    for (const float value : {0.0f, 1e-45f, 1e-38f, 0x1p-25f}) {
        CHECK(to_half(value) == 0);
        CHECK(to_half(-value) == sign);
    }
    CHECK(to_half(std::nextafter(0x1p-25f, 1.0f)) == 1);
}

TEST(half_of_no_number_is_no_number) {
    const std::uint16_t half = to_half(std::numeric_limits<float>::quiet_NaN());
    CHECK((half & 0x7fff) > infinity);
}
