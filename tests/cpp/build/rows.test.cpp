#include "build/rows.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "base/half.hpp"
#include "base/random.hpp"
#include "check.hpp"
#include "kernels/kernels.hpp"
#include "opened/kernel_choice.hpp"

using namespace nearfile;
using build::Rows;
using codes::ValueKind;

namespace {

constexpr std::uint32_t dim = 5;

std::vector<float> counting(std::uint32_t n, float step, float plus = 0) {
    std::vector<float> values(n * dim);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 200) * step + plus;
    return values;
}

bool same(const Rows& rows, std::span<const float> values) {
    std::vector<float> scratch(rows.dim());
    bool all = rows.count() * rows.dim() == values.size();
    for (std::uint32_t row = 0; row < rows.count(); ++row) {
        const auto expected = values.subspan(row * rows.dim(), rows.dim());
        const auto got = rows.floats(row, scratch);
        all = all && std::ranges::equal(got, expected, [](float a, float b) {
                  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
              });
    }
    return all;
}

void append(std::vector<float>& all, std::span<const float> more) {
    all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

TEST(rows_give_back_what_was_added_in_whatever_kind_it_is_kept) {
    Rows rows(dim, false);
    std::vector<float> all;
    const auto add = [&](std::span<const float> more, ValueKind kind) {
        rows.append(more);
        append(all, more);
        CHECK(rows.kind() == kind && same(rows, all));
    };
    add(counting(3, 1), ValueKind::uint8);
    add(std::vector<float>(dim, -0.0f), ValueKind::float16);
    add(counting(40, 0.5f), ValueKind::float16);
    add(counting(40, 1), ValueKind::float16);
    add(counting(40, 0.1f), ValueKind::float32);
    add(counting(40, 1), ValueKind::float32);
}

// A row of 2^20 values is a quarter of a chunk.
TEST(rows_of_later_chunks_are_of_their_own_kind) {
    constexpr std::uint32_t wide = 1u << 20;
    Rows rows(wide, false);
    std::vector<float> row(wide);
    for (std::uint32_t i = 0; i < 11; ++i) {
        row[7] = i == 5 ? 0.1f : static_cast<float>(i);
        rows.append(row);
        CHECK(rows.kind() == (i < 5 ? ValueKind::uint8 : ValueKind::float32));
    }
    std::vector<float> scratch(wide);
    for (std::uint32_t i = 0; i < 11; ++i) {
        const auto got = rows.floats(i, scratch);
        CHECK(got[7] == (i == 5 ? 0.1f : static_cast<float>(i)) && got[8] == 0);
        const bool in_place = got.data() != scratch.data();
        CHECK(in_place == (i >= 4 && i < 8));
    }
}

TEST(rows_that_are_borrowed_stay_where_they_are) {
    for (const float step : {1.0f, 0.5f, 0.1f}) {
        const auto values = counting(1000, step);
        Rows copied(dim, false);
        copied.append(values);
        Rows borrowed(dim, false);
        borrowed.refer(values);
        CHECK(borrowed.kind() == copied.kind() && same(borrowed, values));
        // More come to it, and it has its own from there on.
        const auto more = counting(10, step);
        auto all = values;
        append(all, more);
        borrowed.append(more);
        copied.append(more);
        CHECK(borrowed.kind() == copied.kind() && same(borrowed, all));
    }
}

// Whatever another thread writes there, it is no row that could not have been added.
TEST(rows_that_change_while_they_are_borrowed_are_zeros) {
    const std::vector<float> zeros(dim);
    const auto reads_zeros = [&](float step, float written) {
        auto values = counting(3, step);
        Rows rows(dim, false);
        rows.refer(values);
        values[dim + 1] = written;
        std::vector<float> scratch(dim);
        CHECK(std::ranges::equal(rows.floats(1, scratch), zeros));
        const Rows halves = rows.rounded();
        CHECK(std::ranges::equal(halves.floats(1, scratch), zeros));
        values[dim + 1] = 1.0f;
        CHECK(!std::ranges::equal(rows.floats(1, scratch), zeros));
        rows.append(zeros);  // copies what is there
    };
    constexpr float infinity = std::numeric_limits<float>::infinity();
    for (const float written : {infinity, -infinity, std::nanf(""), 1e30f}) {
        for (const float step : {1.0f, 0.5f, 0.1f}) reads_zeros(step, written);
    }
    for (const float written : {-1.0f, 256.0f, 0.5f}) {
        auto values = counting(3, 1);
        Rows rows(dim, false);
        rows.refer(values);
        values[dim + 1] = written;
        std::vector<float> scratch(dim);
        CHECK(std::ranges::equal(rows.floats(1, scratch), zeros));
    }
}

TEST(rows_rounded_are_as_half_precision_has_them) {
    const kernels::Kernels& kernels = opened::chosen_kernels();
    base::Random random(3);
    std::vector<float> values;
    for (int i = 0; i < 200'000; ++i) {
        const auto bits = static_cast<std::uint32_t>(random.next() >> 32);
        const float value = std::bit_cast<float>(bits);
        // Mostly what half precision is made for: below its least, and ties.
        const auto exponent = 0x30000000u + bits % 0x18000000u;
        const float usual = std::bit_cast<float>((bits & 0x80000000u) | exponent);
        values.push_back(std::fabs(value) <= 65504.0f ? value : 0.0f);
        values.push_back(std::fabs(usual) <= 65504.0f ? usual : -0.0f);
        values.push_back(std::bit_cast<float>((std::bit_cast<std::uint32_t>(values.back()) & ~0x1fffu) | 0x1000u));
    }
    values.push_back(65504.0f);
    values.resize(values.size() / dim * dim);
    for (float& value : values) value = std::fabs(value) <= 65504.0f ? value : 1.0f;
    std::vector<std::uint16_t> halves(values.size());
    std::ranges::transform(values, halves.begin(), base::to_half);
    std::vector<float> expected(values.size());
    kernels.half_to_float(halves.data(), halves.size(), expected.data());
    Rows own(dim, false);
    own.append(values);
    CHECK(own.kind() == ValueKind::float32);
    const Rows rounded = own.rounded();
    CHECK(rounded.kind() == ValueKind::float16 && same(rounded, expected));
    Rows borrowed(dim, false);
    borrowed.refer(values);
    CHECK(same(borrowed.rounded(), expected));
    const auto near_bytes = counting(50, 1, 1e-5f);
    Rows nearly(dim, false);
    nearly.append(std::span(near_bytes).subspan(dim));
    CHECK(nearly.kind() == ValueKind::float32);
    const bool are_bytes = base::to_half(1e-5f) == 0;
    CHECK(nearly.rounded().kind() == (are_bytes ? ValueKind::uint8 : ValueKind::float16));
}

TEST(rows_of_bits) {
    Rows rows(70, true);
    std::vector<float> values(140);
    values[69] = values[70] = 1;
    rows.append(values);
    CHECK(rows.count() == 2 && rows.words(0)[0] == 0 && rows.words(0)[1] == 32 && rows.words(1)[0] == 1);
}
