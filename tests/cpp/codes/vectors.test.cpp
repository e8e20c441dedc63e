// The exact vectors: bit for bit what was added, in the fewest bytes.
#include "codes/vectors.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "check.hpp"
#include "codes/sample.hpp"

using namespace nearfile::codes;
using namespace nearfile::codes::sample;
using nearfile::base::Random;

namespace {

// From the definition of IEEE half precision, not from the code under test.
float half_value(std::uint32_t half) {
    const std::uint32_t exponent = half >> 10 & 31;
    const float mantissa = static_cast<float>(half & 1023);
    const float magnitude =
        exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024.0f + mantissa, static_cast<int>(exponent) - 25);
    return std::copysign(magnitude, (half & 0x8000) != 0 ? -1.0f : 1.0f);
}

std::vector<float> all_finite_halves() {
    std::vector<float> values;
    for (std::uint32_t half = 0; half < 65536; ++half) {
        if ((half >> 10 & 31) != 31) values.push_back(half_value(half));
    }
    return values;
}

bool same_bits(std::span<const float> a, std::span<const float> b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

std::vector<float> there_and_back(std::span<const float> values, ValueKind kind) {
    std::vector<std::byte> bytes(values.size() * bytes_per_value(kind));
    encode_values(values, kind, bytes.data());
    std::vector<float> back(values.size());
    ExactVectors(chosen(), values.size(), kind, bytes).decode(0, back);
    return back;
}

ValueKind kind_of(float value) {
    return smallest_kind({&value, 1});
}

}  // namespace

TEST(vectors_every_half_comes_back_bit_for_bit) {
    const auto values = all_finite_halves();
    CHECK(values.size() == 63488);
    CHECK(smallest_kind(values) == ValueKind::float16);
    CHECK(same_bits(there_and_back(values, ValueKind::float16), values));
}

TEST(vectors_what_is_no_half_is_rounded_to_the_nearest) {
    Random random(11);
    for (int i = 0; i < 10000; ++i) {
        const float value = std::ldexp(static_cast<float>(random.below(1u << 24)) - 8388608.0f,
                                       static_cast<int>(random.below(24)) - 31);
        const float back = there_and_back({&value, 1}, ValueKind::float16)[0];
        const float next = std::ldexp(1.0f, std::max(std::ilogb(back == 0 ? 0x1p-24f : back), -14) - 10);
        CHECK(std::fabs(back - value) <= next / 2);
    }
    const float largest = 65504.0f;
    CHECK(there_and_back({&largest, 1}, ValueKind::float16)[0] == largest);
}

TEST(vectors_every_half_is_recognised_alone) {
    for (const float value : all_finite_halves()) {
        const bool byte = value >= 0 && value <= 255 && value == std::floor(value) && !std::signbit(value);
        CHECK(kind_of(value) == (byte ? ValueKind::uint8 : ValueKind::float16));
    }
}

TEST(vectors_every_byte_comes_back) {
    std::vector<float> values;
    for (int value = 0; value < 256; ++value) values.push_back(static_cast<float>(value));
    CHECK(smallest_kind(values) == ValueKind::uint8);
    CHECK(same_bits(there_and_back(values, ValueKind::uint8), values));
}

TEST(vectors_any_float_comes_back_bit_for_bit_in_its_smallest_kind) {
    Random random(1);
    for (int i = 0; i < 1000000; ++i) {
        const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random.next()));
        if (!std::isfinite(value)) continue;
        const float back = there_and_back({&value, 1}, kind_of(value))[0];
        if (std::bit_cast<std::uint32_t>(back) == std::bit_cast<std::uint32_t>(value)) continue;
        nearfile::test::fail(__FILE__, __LINE__, std::to_string(value) + " comes back as " + std::to_string(back));
    }
}

TEST(vectors_neighbours_of_halves_are_not_halves) {
    for (const float half : all_finite_halves()) {
        CHECK(kind_of(std::nextafterf(half, 1e9f)) == ValueKind::float32);
    }
    for (const float value : {65536.0f, 65520.0f, 1e30f, 1e-30f, 0x1p-25f, std::numeric_limits<float>::max(),
                              std::numeric_limits<float>::min(), std::numeric_limits<float>::denorm_min(), 0.1f}) {
        CHECK(kind_of(value) == ValueKind::float32);
        CHECK(kind_of(-value) == ValueKind::float32);
    }
}

TEST(vectors_negative_zero_is_kept) {
    CHECK(kind_of(0.0f) == ValueKind::uint8);
    CHECK(kind_of(-0.0f) == ValueKind::float16);
    for (const auto kind : {ValueKind::float16, ValueKind::float32}) {
        CHECK(std::signbit(there_and_back(std::vector<float>{-0.0f}, kind)[0]));
    }
}

TEST(vectors_one_value_decides_the_kind_of_all) {
    std::vector<float> values(100, 7.0f);
    CHECK(smallest_kind(values) == ValueKind::uint8);
    values[99] = 256.0f;
    CHECK(smallest_kind(values) == ValueKind::float16);
    values[50] = 0.1f;
    CHECK(smallest_kind(values) == ValueKind::float32);
    values[50] = -1.0f;
    CHECK(smallest_kind(values) == ValueKind::float16);
    CHECK(smallest_kind({}) == ValueKind::uint8);
}

TEST(vectors_the_wider_of_two_kinds_holds_both) {
    CHECK(wider(ValueKind::uint8, ValueKind::float16) == ValueKind::float16);
    CHECK(wider(ValueKind::float32, ValueKind::float16) == ValueKind::float32);
    CHECK(wider(ValueKind::uint8, ValueKind::uint8) == ValueKind::uint8);
    CHECK(bytes_per_value(ValueKind::uint8) == 1 && bytes_per_value(ValueKind::float16) == 2);
    CHECK(bytes_per_value(ValueKind::float32) == 4);
}

TEST(vectors_rows_are_found_by_number) {
    for (const auto kind : {ValueKind::uint8, ValueKind::float16, ValueKind::float32}) {
        const std::vector<float> values = {1, 2, 3, 4, 5, 6};
        std::vector<std::byte> bytes(values.size() * bytes_per_value(kind));
        encode_values(values, kind, bytes.data());
        const ExactVectors vectors(chosen(), 3, kind, bytes);
        std::vector<float> row(3);
        vectors.decode(1, row);
        CHECK((row == std::vector<float>{4, 5, 6}));
    }
}
