// Single precision to bfloat16: the nearest, ties to even, over the whole range.
#include "base/bfloat16.hpp"

#include <cmath>
#include <limits>

#include "check.hpp"

using nearfile::base::from_bfloat16;
using nearfile::base::to_bfloat16;

namespace {

constexpr std::uint16_t bfloat16_infinity = 0x7f80;

float value_of(std::uint32_t upper) {
    return std::bit_cast<float>(upper << 16);
}

}  // namespace

TEST(bfloat16_takes_the_nearest_and_even_ones_on_ties) {
    for (std::uint32_t upper = 0; upper < bfloat16_infinity; upper += 7) {
        const float low = value_of(upper);
        const auto next = static_cast<std::uint16_t>(upper + 1);
        const float middle = std::bit_cast<float>((upper << 16) + 0x8000u);
        CHECK(to_bfloat16(low) == upper && to_bfloat16(-low) == (upper | 0x8000u));
        CHECK(to_bfloat16(middle) == (upper % 2 == 0 ? upper : next));
        CHECK(to_bfloat16(std::nextafter(middle, 0.0f)) == upper);
        CHECK(to_bfloat16(std::nextafter(middle, std::numeric_limits<float>::infinity())) == next);
    }
}

TEST(bfloat16_keeps_what_is_no_finite_number) {
    CHECK(to_bfloat16(std::numeric_limits<float>::infinity()) == bfloat16_infinity);
    CHECK(to_bfloat16(-std::numeric_limits<float>::infinity()) == (bfloat16_infinity | 0x8000u));
    CHECK(to_bfloat16(std::numeric_limits<float>::max()) == bfloat16_infinity);
    CHECK(std::isnan(value_of(to_bfloat16(std::bit_cast<float>(0x7f800001u)))));
}

TEST(bfloat16_comes_back_as_it_was) {
    for (std::uint32_t upper = 0; upper <= 0xffff; ++upper) {
        const auto value = static_cast<std::uint16_t>(upper);
        const float single = from_bfloat16(value);
        CHECK(std::bit_cast<std::uint32_t>(single) == upper << 16);
        CHECK(std::isnan(single) || to_bfloat16(single) == value);
    }
}
