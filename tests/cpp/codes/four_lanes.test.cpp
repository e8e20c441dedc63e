// Vectors of the compiler and arrays give the same bits, or files would depend on who compiled.
#include "codes/four_lanes.hpp"

#include <cstring>

#include "base/random.hpp"
#include "check.hpp"

using namespace nearfile;
using namespace nearfile::codes;

namespace {

// What a table of a sketch does with four numbers.
template <class F>
auto mixed(const F& a, const F& b, float c) {
    const auto low = whole((c + a) + b);
    return ((low | whole(a + b) << 8) | whole(b + a) << 24) & 0x3f3f3f3f;
}

}  // namespace

TEST(four_lanes_are_the_same_as_arrays) {
    base::Random random(1);
    for (int turn = 0; turn < 1000; ++turn) {
        float numbers[9];
        for (float& each : numbers) each = static_cast<float>(random.below(70'000)) / 256.0f - 40.0f;
        const float* const n = numbers;
        const auto compiled = mixed(Floats{n[0], n[1], n[2], n[3]}, Floats{n[4], n[5], n[6], n[7]}, n[8]);
        const auto one_by_one =
            mixed(arrays::Floats{n[0], n[1], n[2], n[3]}, arrays::Floats{n[4], n[5], n[6], n[7]}, n[8]);
        static_assert(sizeof compiled == sizeof one_by_one);
        CHECK(std::memcmp(&compiled, &one_by_one, sizeof compiled) == 0);
    }
}
