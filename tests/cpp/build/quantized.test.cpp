// Distances among packed rows are those by number, to the bit, on every instruction set.
#include "build/quantized.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "check.hpp"

using namespace nearfile;
using namespace nearfile::build;

namespace {

QuantizedVectors random_vectors(std::uint32_t count, std::size_t dim, std::uint64_t seed) {
    base::Random random(seed);
    QuantizedVectors points(dim, count);
    for (std::uint32_t item = 0; item < count; ++item) {
        std::int8_t* const row = points.code(item);
        for (std::size_t i = 0; i < dim; ++i)
            row[i] = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
        const float scale = 0.01f * static_cast<float>(1 + random.below(100));
        std::int32_t sum = 0;
        for (std::size_t i = 0; i < dim; ++i) sum += row[i] * row[i];
        points.tail(item) = {scale, scale * scale * static_cast<float>(sum)};
    }
    return points;
}

}  // namespace

TEST(packed_rows_are_as_far_from_each_other_as_by_number) {
    for (const std::size_t dim : {1u, 16u, 50u, 64u, 100u, 128u, 200u}) {
        const QuantizedVectors points = random_vectors(200, dim, dim);
        for (const kernels::Kernels* const* table = kernels::supported(); *table; ++table) {
            const QuantizedDistances distances(**table, points);
            const QuantizedDistances scalar(*kernels::supported()[0], points);
            const auto packed = distances.packed();
            for (const std::size_t n : {1u, 2u, 5u, 31u, 130u, 7u}) {
                std::vector<graph::ItemId> some(n);
                for (std::size_t i = 0; i < n; ++i) some[i] = static_cast<graph::ItemId>((i * 37 + n) % 200);
                const std::size_t stride = n + 3;
                std::vector<float> all(n * stride);
                std::vector<float> row(n);
                std::vector<float> expected(n);
                packed->take(some);
                packed->all(stride, all.data());
                for (std::uint32_t i = 0; i < n; ++i) {
                    scalar.from(some[i], some, expected.data());
                    packed->onwards(i, row.data());
                    CHECK(std::equal(expected.begin() + i + 1, expected.end(), row.begin()));
                    CHECK(std::equal(expected.begin(), expected.end(),
                                     all.begin() + static_cast<std::ptrdiff_t>(i * stride)));
                }
                std::vector<std::uint32_t> places;
                std::vector<graph::ItemId> left;
                for (std::uint32_t i = n > 2 ? 1 : 0; i < n; i += 1 + i % 3) {
                    places.push_back(i);
                    left.push_back(some[i]);
                }
                packed->keep(places);
                for (std::uint32_t i = 0; i < left.size(); ++i) {
                    scalar.from(left[i], left, expected.data());
                    packed->onwards(i, row.data());
                    CHECK(std::equal(expected.begin() + i + 1, expected.begin() + left.size(), row.begin()));
                }
            }
        }
    }
}

TEST(sketches_may_read_rows_in_whole_eights_of_dimensions) {
    for (std::size_t dim = 1; dim <= 140; ++dim) {
        const QuantizedVectors points = random_vectors(3, dim, dim);
        CHECK(points.stride % 16 == 0);
        for (std::uint32_t item = 0; item < 3; ++item) {
            for (std::size_t i = dim; i % 8 != 0; ++i) CHECK(points.code(item)[i] == 0);
            CHECK(points.tail(item).scale > 0);
        }
    }
}
