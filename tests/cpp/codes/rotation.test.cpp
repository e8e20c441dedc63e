// The rotation: it turns without stretching, spreads what was in one dimension over all, and gives the same floats on
// every machine.
#include "codes/rotation.hpp"

#include <cmath>

#include "base/crc32c.hpp"
#include "check.hpp"
#include "codes/sample.hpp"

using namespace nearfile;
using namespace nearfile::codes;
using namespace nearfile::codes::sample;

namespace {

double dot(std::span<const float> a, std::span<const float> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * b[i];
    return sum;
}

std::vector<float> rotated(const Rotation& rotation, std::vector<float> values) {
    rotation.apply(chosen(), values);
    return values;
}

}  // namespace

TEST(rotation_keeps_lengths_and_inner_products) {
    base::Random random(1);
    for (const std::size_t dim : {1, 2, 3, 4, 5, 7, 8, 50, 64, 65, 100, 127, 128, 129, 784, 2048, 3000}) {
        const Rotation rotation(dim, dim);
        for (const Shape shape : {Shape::gaussian, Shape::outlier, Shape::constant, Shape::small, Shape::large}) {
            const auto a = vector_of(shape, dim, random);
            const auto b = vector_of(shape, dim, random);
            const auto turned_a = rotated(rotation, a);
            const auto turned_b = rotated(rotation, b);
            const double lengths = std::sqrt(dot(a, a) * dot(b, b));
            CHECK(std::fabs(dot(turned_a, turned_a) - dot(a, a)) <= 1e-4 * dot(a, a));
            CHECK(std::fabs(dot(turned_a, turned_b) - dot(a, b)) <= 1e-4 * lengths);
        }
        for (const float value : rotated(rotation, std::vector<float>(dim))) CHECK(value == 0);
    }
}

TEST(rotation_leads_back) {
    base::Random random(3);
    for (const std::size_t dim : {1, 2, 3, 5, 64, 65, 100, 128, 784, 3000}) {
        const Rotation rotation(dim, dim);
        const auto values = vector_of(Shape::gaussian, dim, random);
        auto turned = rotated(rotation, values);
        rotation.apply_inverse(chosen(), turned);
        for (std::size_t i = 0; i < dim; ++i) CHECK(std::fabs(turned[i] - values[i]) < 1e-5f);
    }
}

TEST(rotation_spreads_one_dimension_over_all) {
    for (const std::size_t dim : {64u, 100u, 128u, 129u, 784u}) {
        const Rotation rotation(dim, 3);
        double largest = 0;
        for (std::size_t axis = 0; axis < dim; axis += 7) {
            std::vector<float> values(dim);
            values[axis] = 1;
            rotation.apply(chosen(), values);
            for (const float value : values) largest = std::max(largest, std::fabs(double{value}));
        }
        // Of evenly spread values each has 1 / sqrt(dim); random ones reach four or five times that.
        CHECK(largest < 7 / std::sqrt(static_cast<double>(dim)));
    }
}

TEST(rotation_of_another_seed_is_another) {
    base::Random random(2);
    for (const std::size_t dim : {8u, 100u}) {
        const auto values = gaussian(dim, random);
        CHECK(rotated(Rotation(dim, 5), values) == rotated(Rotation(dim, 5), values));
        CHECK(rotated(Rotation(dim, 5), values) != rotated(Rotation(dim, 6), values));
    }
}

TEST(rotation_gives_the_same_floats_always) {
    std::uint32_t crc = 0;
    for (const std::size_t dim : {1u, 3u, 64u, 100u, 784u}) {
        std::vector<float> values(dim);
        for (std::size_t i = 0; i < dim; ++i) values[i] = static_cast<float>(i * 37 % 101) - 50.3f;
        Rotation(dim, 7).apply(chosen(), values);
        crc = base::crc32c(std::as_bytes(std::span(values)), crc);
    }
    CHECK(crc == 2631082612u);
}
