// Split codes: both halves are the 8-bit code, the upper one is near enough to walk by, and bounds hold.
#include "codes/split.hpp"

#include <cmath>

#include "check.hpp"
#include "codes/sample.hpp"

using namespace nearfile;
using namespace nearfile::codes;
using namespace nearfile::codes::sample;

namespace {

// Rows as a file has them, with room behind the last as there.
struct Rows {
    NibbleLayout layout;
    std::vector<std::byte> upper;
    std::vector<std::byte> lower;
    std::vector<NibbleTail> tails;
    std::vector<std::vector<std::int8_t>> codes;

    explicit Rows(std::size_t dim) : layout(dim) {}

    void add(std::span<const float> values) {
        codes.emplace_back(values.size());
        const ScaledTail tail = encode_code(chosen(), values, codes.back().data());
        const std::size_t at = tails.size() * layout.stride;
        for (auto* plane : {&upper, &lower}) plane->resize(at + layout.stride, std::byte{0xff});
        split_code(codes.back().data(), layout, upper.data() + at, lower.data() + at);
        tails.push_back({16 * tail.scale, tail.squared_norm});
    }
    SplitCodes view() const { return {chosen(), layout.dim, upper, lower, tails}; }
};

}  // namespace

TEST(split_codes_are_the_code_in_two_halves) {
    base::Random random(1);
    for (const std::size_t dim : {1u, 31u, 33u, 63u, 64u, 65u, 100u, 128u, 190u, 784u}) {
        Rows rows(dim);
        for (int i = 0; i < 3; ++i) rows.add(gaussian(dim, random));
        const SplitCodes split = rows.view();
        for (ItemId row = 0; row < 3; ++row) {
            std::vector<std::int8_t> code(dim);
            std::vector<float> decoded(dim);
            split.code(row, code.data());
            split.decode(row, decoded);
            CHECK(code == rows.codes[row]);
            for (std::size_t i = 0; i < dim; ++i) {
                const std::size_t at = row * rows.layout.stride + i / 64 * 32 + i % 32;
                const int shift = i % 64 < 32 ? 0 : 4;
                const int upper = std::to_integer<int>(rows.upper[at]) >> shift & 15;
                const int lower = std::to_integer<int>(rows.lower[at]) >> shift & 15;
                CHECK(16 * upper + lower - 128 == code[i]);
                CHECK(decoded[i] == split.tail(row, false).scale * static_cast<float>(code[i]));
            }
        }
    }
}

TEST(split_upper_halves_are_4_bit_codes_of_the_vector) {
    base::Random random(2);
    const std::size_t dim = 384;
    Rows rows(dim);
    double off = 0;
    for (ItemId row = 0; row < 50; ++row) {
        const auto values = gaussian(dim, random);
        rows.add(values);
        for (std::size_t i = 0; i < dim; ++i) {
            const auto both = std::to_integer<int>(rows.upper[row * rows.layout.stride + i / 64 * 32 + i % 32]);
            const int upper = i % 64 < 32 ? both & 15 : both >> 4;
            const double near = rows.tails[row].factor * (upper - 7.5);
            CHECK(std::fabs(near - values[i]) <= 0.54 * rows.tails[row].factor);
            off += (near - values[i]) * (near - values[i]);
        }
    }
    CHECK(std::sqrt(off / (50.0 * dim)) < 0.15);
}

TEST(split_bounds_bracket_the_distances_to_what_is_kept) {
    base::Random random(3);
    for (const std::size_t dim : {1u, 50u, 64u, 128u, 190u, 784u}) {
        for (const Shape shape : {Shape::gaussian, Shape::outlier, Shape::constant, Shape::zero, Shape::small}) {
            Rows rows(dim);
            constexpr std::size_t n = 20;
            for (std::size_t i = 0; i < n; ++i) rows.add(vector_of(shape, dim, random));
            const SplitCodes split = rows.view();
            const auto values = vector_of(shape, dim, random);
            ScaledQuery query(dim);
            query.set(chosen(), values);
            std::vector<float> lower(n);
            std::vector<float> upper(n);
            split.euclidean(query, false, nullptr, 0, n, {lower.data(), upper.data()});
            std::vector<float> decoded(dim);
            for (ItemId row = 0; row < n; ++row) {
                split.decode(row, decoded);
                double squares = 0;
                for (std::size_t i = 0; i < dim; ++i) {
                    squares += (double{values[i]} - decoded[i]) * (double{values[i]} - decoded[i]);
                }
                CHECK(lower[row] <= std::sqrt(squares) && std::sqrt(squares) <= upper[row]);
                const ItemId id = row;
                Bounds one{lower.data() + row, upper.data() + row};
                const float before[] = {*one.lower, *one.upper};
                split.euclidean(query, false, &id, 0, 1, one);
                CHECK(*one.lower == before[0] && *one.upper == before[1]);
            }
        }
    }
}

TEST(split_error_of_directions_covers_what_rounding_lost) {
    base::Random random(4);
    for (const std::size_t dim : {2u, 64u, 190u, 784u}) {
        Rows rows(dim);
        for (ItemId row = 0; row < 20; ++row) {
            const auto values = gaussian(dim, random);
            rows.add(values);
            const SplitCodes split = rows.view();
            std::vector<float> decoded(dim);
            split.decode(row, decoded);
            double squares = 0;
            for (std::size_t i = 0; i < dim; ++i) squares += std::pow(double{values[i]} - decoded[i], 2);
            CHECK(std::sqrt(squares) <= split.tail(row, true).error);
            CHECK(split.tail(row, false).error == 0);
        }
    }
}

TEST(split_rows_of_no_direction_are_at_a_right_angle) {
    Rows rows(64);
    rows.add(std::vector<float>(64));
    rows.tails[0].factor = 0;
    ScaledQuery query(64);
    query.set(chosen(), std::vector<float>(64, 1.0f));
    float lower = 0;
    float upper = 0;
    rows.view().euclidean(query, true, nullptr, 0, 1, {&lower, &upper});
    CHECK(lower == upper && std::fabs(lower - std::sqrt(2.0f)) < 1e-6f);
}

TEST(split_pays_where_blocks_are_full) {
    for (const std::size_t dim : {64u, 128u, 190u, 300u, 384u, 768u, 784u, 1536u}) CHECK(split_pays(dim));
    for (const std::size_t dim : {7u, 25u, 50u, 100u, 200u}) CHECK(!split_pays(dim));
}
