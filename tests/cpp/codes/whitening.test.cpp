// The whitened space: products are what they were, items fill every direction alike, and nothing is infinite.
#include "codes/whitening.hpp"

#include <cmath>

#include "check.hpp"
#include "codes/sample.hpp"

using namespace nearfile::codes;
using namespace nearfile::codes::sample;
using nearfile::base::Random;

namespace {

TrainedWhitening train(std::span<const float> rows, std::size_t dim) {
    SecondMoments moments(dim);
    for (std::size_t start = 0; start < rows.size(); start += dim) moments.add(rows.subspan(start, dim));
    return train_whitening(moments);
}

std::vector<float> item(const TrainedWhitening& trained, std::span<const float> values) {
    std::vector<float> out(values.size());
    whiten_item(trained.inverse, values, out);
    return out;
}

std::vector<float> query(const TrainedWhitening& trained, std::span<const float> values) {
    std::vector<float> out(values.size());
    whiten_query(trained.factor, values, out);
    return out;
}

double length(std::span<const float> values) {
    return std::sqrt(-exact_negative_dot(values, values));
}

// Rows whose dimensions spread 100-fold.
std::vector<float> stretched(std::size_t n, std::size_t dim, Random& random) {
    auto rows = gaussian(n * dim, random);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i] *= std::pow(0.01f, static_cast<float>(i % dim) / static_cast<float>(dim));
    }
    return rows;
}

}  // namespace

TEST(whitening_keeps_inner_products) {
    Random random(1);
    for (const std::size_t dim : {1, 2, 3, 50, 64, 129}) {
        const auto rows = stretched(300, dim, random);
        const auto trained = train(rows, dim);
        CHECK(trained.factor.size() == triangle(dim) && trained.inverse.size() == triangle(dim));
        for (std::size_t i = 0; i < 20; ++i) {
            const auto values = std::span(rows).subspan(i * dim, dim);
            const auto asked = gaussian(dim, random);
            const auto seen_item = item(trained, values);
            const auto seen_query = query(trained, asked);
            const double error = exact_negative_dot(seen_query, seen_item) - exact_negative_dot(asked, values);
            CHECK(std::fabs(error) < 1e-5 * length(seen_query) * length(seen_item));
        }
    }
}

TEST(whitened_items_spread_more_alike) {
    Random random(2);
    const std::size_t dim = 16;
    const auto rows = stretched(4000, dim, random);
    const auto trained = train(rows, dim);
    SecondMoments before(dim);
    SecondMoments after(dim);
    for (std::size_t start = 0; start < rows.size(); start += dim) {
        const auto values = std::span(rows).subspan(start, dim);
        before.add(values);
        after.add(item(trained, values));
    }
    const auto widest = [](const SecondMoments& moments) { return moments.sums()[0]; };
    const auto narrowest = [&](const SecondMoments& moments) { return moments.sums()[triangle(dim - 1) + dim - 1]; };
    CHECK(widest(after) / narrowest(after) < 0.25 * widest(before) / narrowest(before));
}

TEST(whitening_leaves_what_is_white_alone) {
    Random random(7);
    const std::size_t dim = 12;
    const auto rows = gaussian(5000 * dim, random);
    const auto trained = train(rows, dim);
    for (std::size_t i = 0; i < 20; ++i) {
        const auto values = std::span(rows).subspan(i * dim, dim);
        CHECK(exact_euclidean(item(trained, values), values) < 0.1 * length(values));
    }
}

TEST(whitening_of_parts_is_that_of_the_whole_in_the_order_of_the_parts) {
    Random random(3);
    const std::size_t dim = 20;
    const auto rows = gaussian(100 * dim, random);
    const auto sum_in_parts = [&] {
        SecondMoments whole(dim);
        for (std::size_t part = 0; part < 4; ++part) {
            SecondMoments some(dim);
            for (std::size_t i = 0; i < 25; ++i) some.add(std::span(rows).subspan((part * 25 + i) * dim, dim));
            whole.add(some);
        }
        return train_whitening(whole);
    };
    const auto one = sum_in_parts();
    const auto same = sum_in_parts();
    CHECK(one.factor == same.factor && one.inverse == same.inverse);
    const auto together = train(rows, dim);
    for (std::size_t i = 0; i < one.factor.size(); ++i) CHECK(std::fabs(one.factor[i] - together.factor[i]) < 1e-5f);
}

TEST(whitening_is_not_led_by_a_few_immense_items) {
    Random random(4);
    const std::size_t dim = 16;
    auto rows = gaussian(1000 * dim, random);
    for (std::size_t i = 0; i < 3 * dim; ++i) rows[i] *= 1e6f;
    const auto trained = train(rows, dim);
    for (std::size_t i = 0; i < 100; ++i) {
        const auto asked = gaussian(dim, random);
        const double ratio = length(query(trained, asked)) / length(asked);
        CHECK(ratio > 0.5 && ratio < 2.0);
    }
}

TEST(whitening_of_nothing_changes_nothing) {
    Random random(5);
    const std::size_t dim = 10;
    const auto trained = train(std::vector<float>(5 * dim, 0.0f), dim);
    const auto values = gaussian(dim, random);
    CHECK(item(trained, values) == values);
    CHECK(query(trained, values) == values);
}

TEST(whitening_of_awkward_items_is_finite) {
    Random random(6);
    const std::size_t dim = 30;
    for (const Shape shape : shapes) {
        std::vector<float> rows;
        for (int i = 0; i < 10; ++i) {
            const auto one = vector_of(shape, dim, random);
            rows.insert(rows.end(), one.begin(), one.end());
        }
        const auto trained = train(rows, dim);
        for (const float value : trained.factor) CHECK(std::isfinite(value));
        for (const float value : trained.inverse) CHECK(std::isfinite(value));
        for (const float value : item(trained, std::span(rows).first(dim))) CHECK(std::isfinite(value));
    }
}

TEST(whitening_knows_the_query_that_is_seen_as_something) {
    Random random(3);
    for (const std::size_t dim : {1, 2, 33, 64}) {
        const auto trained = train(stretched(300, dim, random), dim);
        const auto asked = gaussian(dim, random);
        std::vector<float> back(dim);
        query_seen_as(trained.inverse, query(trained, asked), back);
        for (std::size_t i = 0; i < dim; ++i) CHECK(std::fabs(back[i] - asked[i]) < 1e-4 * length(asked));
    }
}
