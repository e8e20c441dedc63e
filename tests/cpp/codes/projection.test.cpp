// Projections to any number of directions: the same for the same sample and seed, and true to data of few real
// dimensions.
#include "codes/projection.hpp"

#include <cstring>

#include "check.hpp"
#include "codes/sample.hpp"
#include "codes/scaled.hpp"

using namespace nearfile::codes;
using namespace nearfile::codes::sample;
using nearfile::base::Random;

namespace {

// n rows in a random subspace of `rank` dimensions.
std::vector<float> low_rank(std::size_t n, std::size_t dim, std::size_t rank, Random& random) {
    const auto basis = gaussian(rank * dim, random);
    std::vector<float> rows(n * dim);
    for (std::size_t i = 0; i < n; ++i) {
        const auto weights = gaussian(rank, random);
        for (std::size_t r = 0; r < rank; ++r) {
            for (std::size_t d = 0; d < dim; ++d) rows[i * dim + d] += weights[r] * basis[r * dim + d];
        }
    }
    return rows;
}

std::vector<float> project(const TrainedProjection& trained, std::size_t dim, std::span<const float> values) {
    ScaledQuery encoded(dim);
    encoded.set(chosen(), values);
    std::vector<float> out(trained.scales.size());
    trained.view(dim).apply(chosen(), encoded.code(), encoded.tail().scale, out);
    return out;
}

double squares(std::span<const float> values) {
    return -exact_negative_dot(values, values);
}

double kept(const TrainedProjection& trained, std::size_t dim, std::span<const float> rows) {
    double before = 0;
    double after = 0;
    for (std::size_t start = 0; start < rows.size(); start += dim) {
        before += squares(rows.subspan(start, dim));
        after += squares(project(trained, dim, rows.subspan(start, dim)));
    }
    return after / before;
}

}  // namespace

TEST(projection_keeps_the_variance_of_low_rank_data) {
    Random random(1);
    for (const std::size_t dim : {129, 300, 784}) {
        const auto rows = low_rank(400, dim, 20, random);
        const double share = kept(train_projection(chosen(), rows, dim, projected_dim, 7, 1), dim, rows);
        CHECK(share > 0.97 && share < 1.03);
    }
}

TEST(projection_keeps_distances_of_low_rank_data) {
    Random random(2);
    const std::size_t dim = 400;
    const auto rows = low_rank(100, dim, 30, random);
    const auto trained = train_projection(chosen(), rows, dim, projected_dim, 7, 1);
    for (std::size_t i = 1; i < 100; ++i) {
        const auto a = std::span(rows).first(dim);
        const auto b = std::span(rows).subspan(i * dim, dim);
        const double ratio =
            exact_euclidean(project(trained, dim, a), project(trained, dim, b)) / exact_euclidean(a, b);
        CHECK(ratio > 0.93 && ratio < 1.07);
    }
}

TEST(projection_keeps_a_fair_share_of_data_without_structure) {
    Random random(3);
    const std::size_t dim = 512;
    const auto rows = gaussian(1000 * dim, random);
    const double share = kept(train_projection(chosen(), rows, dim, projected_dim, 7, 1), dim, rows);
    CHECK(share > 0.9 * 128 / 512 && share < 1.0);
}

TEST(projection_spreads_the_variance_over_its_directions) {
    Random random(4);
    const std::size_t dim = 256;
    auto rows = gaussian(500 * dim, random);
    for (std::size_t i = 0; i < rows.size(); i += dim) rows[i] *= 100;  // one direction has nearly all of it
    const auto trained = train_projection(chosen(), rows, dim, projected_dim, 7, 1);
    std::vector<double> variance(projected_dim);
    double sum = 0;
    for (std::size_t i = 0; i < rows.size(); i += dim) {
        const auto out = project(trained, dim, std::span(rows).subspan(i, dim));
        for (std::size_t j = 0; j < projected_dim; ++j) variance[j] += double{out[j]} * out[j];
    }
    for (const double each : variance) sum += each;
    for (const double each : variance) CHECK(each < 0.25 * sum);
}

TEST(projection_is_the_same_for_the_same_seed_and_another_for_another) {
    Random random(5);
    const std::size_t dim = 200;
    const auto rows = low_rank(100, dim, 10, random);
    const auto one = train_projection(chosen(), rows, dim, projected_dim, 7, 1);
    const auto same = train_projection(chosen(), rows, dim, projected_dim, 7, 1);
    const auto other = train_projection(chosen(), rows, dim, projected_dim, 8, 1);
    CHECK(std::memcmp(one.rows.data(), same.rows.data(), one.rows.size()) == 0 && one.scales == same.scales);
    CHECK(std::memcmp(one.rows.data(), other.rows.data(), one.rows.size()) != 0);
    for (const auto code : one.rows.as<std::int8_t>()) CHECK(code >= -127);
}

TEST(projection_of_samples_with_nothing_in_them_is_finite) {
    Random random(6);
    const std::size_t dim = 150;
    auto tiny = gaussian(10 * dim, random);
    for (float& value : tiny) value *= 1e-38f;
    auto huge = gaussian(10 * dim, random);
    for (float& value : huge) value *= 1e17f;
    for (const auto& rows : {std::vector<float>(40 * dim, 0.0f), std::vector<float>(dim, 1.0f), tiny, huge}) {
        const auto trained = train_projection(chosen(), rows, dim, projected_dim, 1, 1);
        for (const float scale : trained.scales) CHECK(std::isfinite(scale) && scale >= 0);
        for (const float value : project(trained, dim, std::span(rows).first(dim))) CHECK(std::isfinite(value));
    }
}

TEST(projection_to_the_first_of_many_directions_keeps_as_much_as_one_to_so_few) {
    Random random(7);
    const std::size_t dim = 300;
    auto rows = gaussian(1500 * dim, random);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] /= static_cast<float>(1 + i % dim);  // ever less variance
    const Directions many(chosen(), rows, dim, 256, 7, 1);
    double before = 0;
    for (const std::size_t count : {64u, 128u, 192u, 256u}) {
        const double share = kept(many.leading(chosen(), count), dim, rows);
        CHECK(share > 0.98 * kept(train_projection(chosen(), rows, dim, count, 7, 1), dim, rows));
        CHECK(share > before);
        before = share;
    }
    CHECK(before > 0.98);
}

TEST(projection_is_the_same_on_any_number_of_threads_and_any_instruction_set) {
    Random random(8);
    const std::size_t dim = 330;
    const auto rows = low_rank(700, dim, 200, random);
    const auto expected = Directions(chosen(), rows, dim, 320, 7, 1).leading(chosen(), 192);
    for (const nearfile::kernels::Kernels* const* table = nearfile::kernels::supported(); *table; ++table) {
        const auto same = Directions(**table, rows, dim, 320, 7, 3).leading(**table, 192);
        CHECK(std::memcmp(expected.rows.data(), same.rows.data(), same.rows.size()) == 0);
        CHECK(expected.scales == same.scales);
    }
}
