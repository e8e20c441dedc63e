// Uniform codes: the bounds hold, also for queries outside the range of the data; byte data is exact.
#include "codes/uniform.hpp"

#include <algorithm>
#include <cmath>

#include "base/aligned_buffer.hpp"
#include "check.hpp"
#include "codes/sample.hpp"

using namespace nearfile::codes;
using namespace nearfile::codes::sample;
using nearfile::base::AlignedBuffer;
using nearfile::base::Random;

namespace {

// Encoded as build/ does it: an offset for every dimension, one step for all.
struct Encoded {
    std::size_t dim;
    std::vector<std::vector<float>> vectors;
    std::vector<float> offsets;
    UniformScale scale;
    UniformLayout layout;
    AlignedBuffer rows;

    Encoded(std::size_t dim_, std::vector<std::vector<float>> vectors_, bool exact)
        : dim(dim_), vectors(std::move(vectors_)), layout(dim, exact), rows(vectors.size() * layout.stride) {
        if (!exact) fit();
        for (std::size_t i = 0; i < vectors.size(); ++i) {
            encode_uniform(vectors[i], scale, layout, rows.data() + i * layout.stride);
        }
    }
    void fit() {
        offsets = vectors.front();
        auto high = vectors.front();
        float widest = 0;
        for (const auto& vector : vectors) {
            for (std::size_t i = 0; i < dim; ++i) {
                offsets[i] = std::min(offsets[i], vector[i]);
                high[i] = std::max(high[i], vector[i]);
                widest = std::max(widest, high[i] - offsets[i]);
            }
        }
        scale = {offsets, widest > 0 ? widest / 255.0f : 1.0f};
    }
    UniformCodes codes() const { return {chosen(), layout, scale, rows.bytes()}; }

    Measured manhattan(const UniformQuery& query, bool by_ids = true) const {
        return measure_all(vectors.size(), by_ids, [&](const ItemId* ids, ItemId first, std::size_t count, Bounds out) {
            codes().manhattan(query, ids, first, count, out);
        });
    }
    Measured euclidean(const UniformQuery& query, bool by_ids = true) const {
        return measure_all(vectors.size(), by_ids, [&](const ItemId* ids, ItemId first, std::size_t count, Bounds out) {
            codes().euclidean(query, ids, first, count, out);
        });
    }
};

std::vector<std::vector<float>> some(Shape shape, std::size_t dim, std::size_t n, Random& random) {
    std::vector<std::vector<float>> vectors;
    for (std::size_t i = 0; i < n; ++i) vectors.push_back(vector_of(shape, dim, random));
    return vectors;
}

std::vector<float> bytes(std::size_t dim, Random& random) {
    std::vector<float> values(dim);
    for (float& value : values) value = static_cast<float>(random.below(256));
    return values;
}

}  // namespace

TEST(uniform_manhattan_bounds_bracket_the_exact_distances_of_every_shape_and_dim) {
    Random random(1);
    for (const std::size_t dim : dims) {
        for (const Shape shape : shapes) {
            const Encoded encoded(dim, some(shape, dim, 12, random), false);
            UniformQuery query(dim);
            // A query of another shape lies far outside the range.
            for (const Shape asked : shapes) {
                const auto values = vector_of(asked, dim, random);
                query.set(chosen(), values, encoded.scale);
                const auto measured = encoded.manhattan(query);
                for (std::size_t i = 0; i < encoded.vectors.size(); ++i) {
                    check_bracket(measured.lower[i], exact_manhattan(values, encoded.vectors[i]), measured.upper[i],
                                  "dim " + std::to_string(dim) + ", row " + std::to_string(i));
                }
            }
        }
    }
}

TEST(uniform_manhattan_bounds_are_within_five_percent_for_gaussian_data) {
    Random random(2);
    for (const std::size_t dim : {50, 64, 65, 128, 784}) {
        const Encoded encoded(dim, some(Shape::gaussian, dim, 100, random), false);
        UniformQuery query(dim);
        const auto values = gaussian(dim, random);
        query.set(chosen(), values, encoded.scale);
        const double gap = mean_gap(encoded.manhattan(query),
                                    [&](std::size_t row) { return exact_manhattan(values, encoded.vectors[row]); });
        CHECK(gap < 0.05);
    }
}

TEST(uniform_codes_stand_for_what_is_within_half_a_step) {
    Random random(7);
    for (const std::size_t dim : dims) {
        for (const bool exact : {false, true}) {
            std::vector<std::vector<float>> vectors;
            for (int i = 0; i < 8; ++i) vectors.push_back(exact ? bytes(dim, random) : gaussian(dim, random));
            const Encoded encoded(dim, vectors, exact);
            std::vector<float> decoded(dim);
            for (std::size_t row = 0; row < vectors.size(); ++row) {
                encoded.codes().decode(static_cast<ItemId>(row), decoded);
                for (std::size_t i = 0; i < dim; ++i) {
                    const float most = exact ? 0.0f : encoded.scale.scale * 0.501f;
                    CHECK(std::fabs(decoded[i] - vectors[row][i]) <= most);
                }
            }
        }
    }
}

TEST(uniform_codes_of_bytes_are_exact) {
    Random random(3);
    for (const std::size_t dim : dims) {
        std::vector<std::vector<float>> vectors;
        for (int i = 0; i < 70; ++i) vectors.push_back(bytes(dim, random));
        const Encoded encoded(dim, vectors, true);
        UniformQuery query(dim);
        const auto values = bytes(dim, random);
        query.set(chosen(), values, encoded.scale);
        CHECK(query.l1_error() == 0 && query.l2_error() == 0);
        const auto manhattan = encoded.manhattan(query);
        const auto euclidean = encoded.euclidean(query);
        for (std::size_t i = 0; i < vectors.size(); ++i) {
            CHECK(std::equal(vectors[i].begin(), vectors[i].end(), encoded.rows.as<std::uint8_t>().data() + i * dim));
            check_bracket(manhattan.lower[i], exact_manhattan(values, vectors[i]), manhattan.upper[i], "manhattan");
            check_bracket(euclidean.lower[i], exact_euclidean(values, vectors[i]), euclidean.upper[i], "euclidean");
            CHECK(manhattan.upper[i] - manhattan.lower[i] <= 1e-3f * manhattan.upper[i]);
            CHECK(euclidean.upper[i] - euclidean.lower[i] <= 1e-3f * euclidean.upper[i]);
        }
    }
}

TEST(uniform_bounds_of_bytes_hold_for_queries_that_are_not_bytes) {
    Random random(4);
    for (const std::size_t dim : dims) {
        const Encoded encoded(dim, {bytes(dim, random), bytes(dim, random), std::vector<float>(dim, 0.0f)}, true);
        UniformQuery query(dim);
        for (const Shape shape : shapes) {
            const auto values = vector_of(shape, dim, random);
            query.set(chosen(), values, encoded.scale);
            const auto manhattan = encoded.manhattan(query);
            const auto euclidean = encoded.euclidean(query);
            for (std::size_t i = 0; i < encoded.vectors.size(); ++i) {
                const auto& vector = encoded.vectors[i];
                check_bracket(manhattan.lower[i], exact_manhattan(values, vector), manhattan.upper[i], "manhattan");
                check_bracket(euclidean.lower[i], exact_euclidean(values, vector), euclidean.upper[i], "euclidean");
            }
        }
    }
}

TEST(uniform_bounds_by_position_are_those_by_ids) {
    Random random(5);
    for (const bool exact : {false, true}) {
        std::vector<std::vector<float>> vectors;
        for (int i = 0; i < 150; ++i) vectors.push_back(bytes(33, random));
        const Encoded encoded(33, vectors, exact);
        UniformQuery query(33);
        query.set(chosen(), bytes(33, random), encoded.scale);
        CHECK(encoded.manhattan(query, true).lower == encoded.manhattan(query, false).lower);
        CHECK(encoded.manhattan(query, true).upper == encoded.manhattan(query, false).upper);
        if (exact) CHECK(encoded.euclidean(query, true).lower == encoded.euclidean(query, false).lower);
    }
}
