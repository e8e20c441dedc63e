// Scaled codes: the bounds hold for whatever is encoded, and are near enough to each other to be of use.
#include "codes/scaled.hpp"

#include <cstring>

#include "base/aligned_buffer.hpp"
#include "check.hpp"
#include "codes/sample.hpp"

using namespace nearfile::codes;
using namespace nearfile::codes::sample;
using nearfile::base::AlignedBuffer;
using nearfile::base::Random;

namespace {

struct Encoded {
    std::size_t dim;
    std::vector<std::vector<float>> vectors;
    AlignedBuffer rows;

    Encoded(std::size_t dim_, std::vector<std::vector<float>> vectors_)
        : dim(dim_), vectors(std::move(vectors_)), rows(vectors.size() * ScaledLayout(dim).stride) {
        const ScaledLayout layout(dim);
        for (std::size_t i = 0; i < vectors.size(); ++i) {
            encode_scaled(chosen(), vectors[i], layout, rows.data() + i * layout.stride);
        }
    }
    ScaledCodes codes() const { return {chosen(), dim, rows.bytes()}; }

    Measured euclidean(const ScaledQuery& query, bool by_ids = true) const {
        return measure_all(vectors.size(), by_ids, [&](const ItemId* ids, ItemId first, std::size_t count, Bounds out) {
            codes().euclidean(query, ids, first, count, out);
        });
    }
    Measured negative_dot(const ScaledQuery& query, bool by_ids = true) const {
        return measure_all(vectors.size(), by_ids, [&](const ItemId* ids, ItemId first, std::size_t count, Bounds out) {
            codes().negative_dot(query, ids, first, count, out);
        });
    }
};

std::vector<std::vector<float>> some_of_every_shape(std::size_t dim, std::size_t of_each, Random& random) {
    std::vector<std::vector<float>> vectors;
    for (const Shape shape : shapes) {
        for (std::size_t i = 0; i < of_each; ++i) vectors.push_back(vector_of(shape, dim, random));
    }
    return vectors;
}

double length(std::span<const float> values) {
    return std::sqrt(-exact_negative_dot(values, values));
}

}  // namespace

TEST(scaled_bounds_bracket_the_exact_distances_of_every_shape_and_dim) {
    Random random(1);
    for (const std::size_t dim : dims) {
        const Encoded encoded(dim, some_of_every_shape(dim, dim < 1000 ? 10 : 3, random));
        ScaledQuery query(dim);
        auto queries = some_of_every_shape(dim, 1, random);
        queries.push_back(encoded.vectors.front());  // an item itself
        for (const auto& values : queries) {
            query.set(chosen(), values);
            const auto euclidean = encoded.euclidean(query);
            const auto dot = encoded.negative_dot(query);
            for (std::size_t i = 0; i < encoded.vectors.size(); ++i) {
                const std::string what = "dim " + std::to_string(dim) + ", row " + std::to_string(i);
                check_bracket(euclidean.lower[i], exact_euclidean(values, encoded.vectors[i]), euclidean.upper[i],
                              what);
                check_bracket(dot.lower[i], exact_negative_dot(values, encoded.vectors[i]), dot.upper[i], what);
            }
        }
    }
}

TEST(scaled_bounds_are_within_five_percent_for_gaussian_data) {
    Random random(2);
    for (const std::size_t dim : {50, 64, 65, 128, 784, 4096}) {
        std::vector<std::vector<float>> vectors;
        for (int i = 0; i < 100; ++i) vectors.push_back(gaussian(dim, random));
        const Encoded encoded(dim, vectors);
        ScaledQuery query(dim);
        const auto values = gaussian(dim, random);
        query.set(chosen(), values);
        const double euclidean =
            mean_gap(encoded.euclidean(query), [&](std::size_t row) { return exact_euclidean(values, vectors[row]); });
        const double dot = mean_gap(encoded.negative_dot(query),
                                    [&](std::size_t row) { return length(values) * length(vectors[row]); });
        CHECK(euclidean < 0.05);
        CHECK(dot < 0.05);
    }
}

TEST(scaled_bounds_by_position_are_those_by_ids) {
    Random random(3);
    for (const std::size_t dim : {1, 3, 64, 65, 128}) {
        const Encoded encoded(dim, some_of_every_shape(dim, 20, random));  // more than one batch
        ScaledQuery query(dim);
        query.set(chosen(), gaussian(dim, random));
        CHECK(encoded.euclidean(query, true).lower == encoded.euclidean(query, false).lower);
        CHECK(encoded.euclidean(query, true).upper == encoded.euclidean(query, false).upper);
        CHECK(encoded.negative_dot(query, true).lower == encoded.negative_dot(query, false).lower);
        CHECK(encoded.negative_dot(query, true).upper == encoded.negative_dot(query, false).upper);
    }
}

TEST(scaled_lower_bounds_hold_where_squares_underflow) {
    Random random(4);
    for (const float scale : {1e-25f, 1e-38f, 1e-44f}) {
        std::vector<std::vector<float>> vectors;
        for (int i = 0; i < 20; ++i) {
            vectors.push_back(gaussian(32, random));
            for (float& value : vectors.back()) value *= scale;
        }
        const Encoded encoded(32, vectors);
        ScaledQuery query(32);
        query.set(chosen(), vectors[0]);
        const auto measured = encoded.euclidean(query);
        for (std::size_t i = 0; i < vectors.size(); ++i) {
            CHECK(measured.lower[i] <= exact_euclidean(vectors[0], vectors[i]));
        }
    }
}

TEST(scaled_directionless_rows_are_at_a_right_angle) {
    const ScaledLayout layout(5);
    AlignedBuffer rows(layout.stride);
    encode_directionless(layout, rows.data());
    const ScaledCodes codes(chosen(), 5, rows.bytes());
    CHECK(codes.tail(0).scale == 0);
    ScaledQuery query(5);
    query.set(chosen(), std::vector<float>{1, 0, 0, 0, 0});
    float lower = 0;
    float upper = 0;
    codes.euclidean(query, nullptr, 0, 1, {&lower, &upper});
    CHECK(lower == std::sqrt(2.0f) && upper == std::sqrt(2.0f));
}

TEST(scaled_zero_vectors_are_not_directionless) {
    const Encoded encoded(3, {{0, 0, 0}});
    CHECK(encoded.codes().tail(0).scale > 0);
    CHECK(encoded.codes().tail(0).error == 0);
}

TEST(scaled_rows_are_written_to_the_last_byte_and_no_further) {
    for (const std::size_t dim : dims) {
        const ScaledLayout layout(dim);
        CHECK(layout.stride % 16 == 0 && layout.tail % 4 == 0);
        CHECK(layout.tail >= dim && layout.tail + sizeof(ScaledTail) <= layout.stride);
        Random random(dim);
        const auto values = gaussian(dim, random);
        std::vector<std::byte> zeros(layout.stride + 1, std::byte{0});
        std::vector<std::byte> ones(layout.stride + 1, std::byte{0xff});
        encode_scaled(chosen(), values, layout, zeros.data());
        encode_scaled(chosen(), values, layout, ones.data());
        CHECK(std::memcmp(zeros.data(), ones.data(), layout.stride) == 0);
        CHECK(ones.back() == std::byte{0xff});
    }
}

TEST(code_of_a_query_or_an_item_alone_is_that_of_its_row) {
    const std::vector<float> values = {1.0f, -0.25f, 0.5f, 0.0f, 0.75f};
    const ScaledLayout layout(values.size());
    std::vector<std::byte> row(layout.stride);
    encode_scaled(chosen(), values, layout, row.data());
    std::vector<std::int8_t> code(values.size());
    const ScaledTail tail = encode_code(chosen(), values, code.data());
    for (std::size_t i = 0; i < values.size(); ++i) CHECK(code[i] == static_cast<std::int8_t>(row[i]));
    CHECK(tail.scale == read_tail(layout, row.data()).scale);
    CHECK(tail.error == read_tail(layout, row.data()).error);
}

TEST(code_restored_is_what_set_code_made) {
    const std::vector<float> values = {3.0f, -1.0f, 0.5f};
    ScaledQuery made(values.size());
    made.set_code(chosen(), values);
    ScaledQuery restored(values.size());
    restored.restore_code({made.code(), values.size()}, made.tail().scale);
    CHECK(restored.tail().scale == made.tail().scale);
    for (std::size_t i = 0; i < 64; ++i) CHECK(restored.code()[i] == made.code()[i]);
}
