#include "annoy/ordered_key.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "check.hpp"

using namespace nearfile::annoy;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float no_number = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST(annoy_ordered_key_sorts_by_value_and_then_by_number) {
    const std::vector<float> ascending = {
        -infinity, -3e38f, -2.5f, -1e-40f, 0.0f, 1e-40f, 1.0f, std::nextafter(1.0f, 2.0f), 3e38f, infinity, no_number};
    for (std::size_t a = 0; a < ascending.size(); ++a) {
        for (std::size_t b = 0; b < ascending.size(); ++b) {
            CHECK((ordered_key(ascending[a], 0xffffffffu) < ordered_key(ascending[b], 0)) == (a < b));
            CHECK((ordered_key(ascending[a], 7) < ordered_key(ascending[b], 8)) == (a <= b));
        }
    }
}

TEST(annoy_ordered_key_gives_back_what_it_was_made_of) {
    for (const float value : {-infinity, -2.5f, 0.0f, 1e-40f, 1.0f, infinity}) {
        for (const std::uint32_t number : {0u, 1u, 0x80000000u, 0xffffffffu}) {
            CHECK(value_of_key(ordered_key(value, number)) == value);
            CHECK(number_of_key(ordered_key(value, number)) == number);
        }
    }
    CHECK(std::isnan(value_of_key(ordered_key(-no_number, 3))));
}

TEST(annoy_ordered_key_knows_one_zero_and_one_nan) {
    CHECK(ordered_key(-0.0f, 5) == ordered_key(0.0f, 5));
    CHECK(ordered_key(-no_number, 5) == ordered_key(no_number, 5));
}
