// The augmented coordinate of inner products.
#include "build/mips_augmentation.hpp"

#include <algorithm>
#include <cmath>

#include "base/random.hpp"
#include "check.hpp"
#include "opened/kernel_choice.hpp"

using namespace nearfile;

namespace {

constexpr std::size_t dim = 9;

// Random directions of the given lengths.
std::vector<float> missing(const std::vector<float>& lengths) {
    const codes::ScaledLayout layout(dim);
    base::Random random(3);
    std::vector<std::byte> rows(lengths.size() * layout.stride);
    for (std::size_t row = 0; row < lengths.size(); ++row) {
        std::vector<float> values(dim);
        float square = 0;
        for (float& value : values) {
            value = static_cast<float>(random.below(2001)) - 1000.0f;
            square += value * value;
        }
        for (float& value : values) value *= lengths[row] / std::sqrt(square);
        codes::encode_scaled(opened::chosen_kernels(), values, layout, rows.data() + row * layout.stride);
    }
    return build::augmented_coordinates(opened::chosen_kernels(), layout, static_cast<std::uint32_t>(lengths.size()),
                                        rows.data());
}

float largest(const std::vector<float>& values) {
    return *std::max_element(values.begin(), values.end());
}

}  // namespace

TEST(lengths_of_one_size_miss_nothing) {
    CHECK(largest(missing(std::vector<float>(500, 3.0f))) < 0.4f);  // what rounding to codes leaves
}

TEST(lengths_shorter_ones_miss_more) {
    std::vector<float> lengths;
    for (int i = 0; i < 500; ++i) lengths.push_back(1.0f + static_cast<float>(i) / 500);
    const auto found = missing(lengths);
    CHECK(found.front() > 0.5f && found.front() < 2.0f);
    CHECK(found.back() == 0);
    CHECK(found[0] > found[100] && found[100] > found[200]);
}

// The longest of all as the common length would be 1000 for everybody.
TEST(lengths_of_a_few_giants_are_not_the_measure) {
    std::vector<float> lengths(500, 1.0f);
    lengths[100] = 1000;
    CHECK(largest(missing(lengths)) < 2.0f);
}

TEST(lengths_of_few_items_and_of_nothing) {
    CHECK(missing({2.0f}) == std::vector<float>(1, 0.0f));
    CHECK(missing({0.0f, 0.0f, 0.0f}) == std::vector<float>(3, 0.0f));
    CHECK(missing({1.0f, 2.0f}).size() == 2);
}
