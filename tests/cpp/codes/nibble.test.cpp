// 4-bit codes: laid out as the kernels read them, and near enough to walk by.
#include "codes/nibble.hpp"

#include <cmath>

#include "check.hpp"
#include "codes/sample.hpp"

using namespace nearfile;
using namespace nearfile::codes;
using namespace nearfile::codes::sample;

namespace {

struct Row {
    NibbleLayout layout;
    std::vector<std::byte> bytes;
    float factor = 0;

    explicit Row(std::span<const float> values) : layout(values.size()), bytes(layout.stride, std::byte{0xff}) {
        factor = encode_nibbles(values, layout, bytes.data());
    }
    int code(std::size_t i) const {
        const auto both = std::to_integer<int>(bytes[i / 64 * 32 + i % 32]);
        return i % 64 < 32 ? both & 15 : both >> 4;
    }
    double product(std::span<const float> query) const {
        double sum = 0;
        for (std::size_t i = 0; i < query.size(); ++i) sum += query[i] * (code(i) - 7.5);
        return factor * sum;
    }
};

double dot(std::span<const float> a, std::span<const float> b) {
    return -exact_negative_dot(a, b);
}

}  // namespace

TEST(nibble_estimates_are_right_along_the_vector_itself) {
    base::Random random(1);
    for (const std::size_t dim : dims) {
        for (const Shape shape : {Shape::gaussian, Shape::outlier, Shape::constant, Shape::small, Shape::large}) {
            const auto values = vector_of(shape, dim, random);
            const Row row(values);
            CHECK(std::fabs(row.product(values) - dot(values, values)) <= 1e-4 * dot(values, values));
        }
    }
}

TEST(nibble_estimates_of_inner_products_are_near_and_not_to_one_side) {
    base::Random random(2);
    for (const std::size_t dim : {64u, 100u, 128u, 784u}) {
        double squares = 0;
        double along = 0;
        constexpr int n = 400;
        for (int i = 0; i < n; ++i) {
            const auto values = gaussian(dim, random);
            auto query = gaussian(dim, random);
            for (std::size_t d = 0; d < dim; ++d) query[d] = 0.7f * values[d] + 0.7f * query[d];
            const double lengths = std::sqrt(dot(values, values) * dot(query, query));
            const double off = (Row(values).product(query) - dot(values, query)) / lengths;
            squares += off * off;
            along += off;
        }
        // 4 bits leave an angle whose tangent is about 0.1, of which a query sees what lies along it.
        const double spread = 0.15 / std::sqrt(static_cast<double>(dim));
        CHECK(std::sqrt(squares / n) < spread);
        CHECK(std::sqrt(squares / n) > spread / 10);
        CHECK(std::fabs(along / n) < 4 * spread / std::sqrt(double{n}));
    }
}

TEST(nibble_codes_leave_what_is_not_a_dimension_zero) {
    base::Random random(3);
    for (const std::size_t dim : {1u, 31u, 33u, 65u, 100u}) {
        const Row row(gaussian(dim, random));
        for (std::size_t i = dim; i < row.layout.blocks * 64; ++i) CHECK(row.code(i) == 0);
    }
}

TEST(nibble_of_zeros_estimates_zero) {
    base::Random random(4);
    for (const float size : {0.0f, 1e-45f, 1e-40f, 1e-38f}) {
        const Row row(std::vector<float>(100, size));
        CHECK(std::isfinite(row.factor));
        CHECK(std::fabs(row.product(gaussian(100, random))) < 1e-30);
    }
}

TEST(nibble_kernel_reads_what_was_written) {
    base::Random random(5);
    for (const std::size_t dim : {1u, 32u, 64u, 100u, 784u}) {
        const auto values = gaussian(dim, random);
        const Row row(values);
        std::vector<std::int8_t> query(row.layout.blocks * 64);
        std::int32_t expected = 0;
        for (std::size_t i = 0; i < dim; ++i) {
            query[i] = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
            expected += query[i] * row.code(i);
        }
        std::int32_t product = 0;
        chosen().dot_u4(query.data(), reinterpret_cast<const std::uint8_t*>(row.bytes.data()), row.layout.stride,
                        nullptr, 1, row.layout.blocks, &product);
        CHECK(product == expected);
    }
}
