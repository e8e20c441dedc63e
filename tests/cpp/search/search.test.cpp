// Searching through the public API: exact where it is asked to be, better with more candidates, complete always.
#include "api/graph_sample.hpp"
#include "api/sample.hpp"
#include "check.hpp"

using namespace nearfile;
using namespace nearfile::sample;

namespace {

constexpr std::uint64_t everything = 1ull << 40;

void check_exact(Metric metric, const Data& data, const Data& queries, const std::string& what) {
    const Index index = make_index(metric, data);
    for (std::uint32_t q = 0; q < queries.count(); ++q) {
        for (const std::uint32_t k : {1u, 10u, data.count() + 5}) {
            const auto exact = index.search(queries.row(q), {.k = k, .exact = true});
            check_complete(index, exact, k, what);
            check_equals_brute_force(index, data, queries.row(q), exact, what);
            CHECK(same(index.search(queries.row(q), {.k = k, .search_k = everything}), exact));
            // All from the trees but for the last item, when there are that many.
            check_complete(index, index.search(queries.row(q), {.k = k, .search_k = 1}), k, what);
        }
    }
}

}  // namespace

TEST(search_exact_equals_brute_force_for_every_metric_and_value_type) {
    for (const Metric metric : metrics) {
        for (const Values values : {Values::floats, Values::halves, Values::bytes, Values::bits}) {
            if (metric == Metric::hamming && values != Values::bits) continue;
            for (const std::uint32_t dim : {1u, 2u, 3u, 20u, 65u, 130u}) {
                const Data data = data_of(values, 300, dim, dim);
                Data queries = data_of(values, 3, dim, dim + 1);
                queries.values.insert(queries.values.end(), data.row(7).begin(), data.row(7).end());
                check_exact(metric, data, queries, "dim " + std::to_string(dim));
            }
        }
    }
}

TEST(search_exact_equals_brute_force_for_queries_unlike_the_data) {
    for (const Metric metric : metrics) {
        if (metric == Metric::hamming) continue;
        for (const Values values : {Values::floats, Values::bytes}) {
            const Data data = data_of(values, 400, 24, 1);
            for (const float scale : {1e-6f, 300.0f, 1e6f, -1.0f}) {
                Data queries = data_of(Values::floats, 3, 24, 2);
                for (float& value : queries.values) value *= scale;
                check_exact(metric, data, queries, "queries of scale " + std::to_string(scale));
            }
        }
    }
}

TEST(search_exact_equals_brute_force_for_awkward_data) {
    for (const Metric metric : metrics) {
        if (metric == Metric::hamming) continue;
        for (const std::uint32_t dim : {4u, 150u}) {
            Data far_off = data_for(metric, 300, dim, 1);
            for (float& value : far_off.values) value += 1000;
            check_exact(metric, far_off, data_for(metric, 2, dim, 2), "far from the origin");
            check_exact(metric, far_off, {dim, {far_off.row(3).begin(), far_off.row(3).end()}}, "far from the origin");
            Data outliers = data_for(metric, 300, dim, 3);
            for (std::size_t i = 0; i < outliers.values.size(); i += 97) outliers.values[i] *= 1e5f;
            check_exact(metric, outliers, data_for(metric, 2, dim, 4), "outliers");
            for (const float scale : {1e-12f, 1e15f}) {
                Data scaled = data_for(metric, 300, dim, 5);
                Data queries = data_for(metric, 2, dim, 6);
                for (float& value : scaled.values) value *= scale;
                for (float& value : queries.values) value *= scale;
                check_exact(metric, scaled, queries, "scale " + std::to_string(scale));
            }
        }
    }
}

TEST(search_of_few_items) {
    for (const Metric metric : metrics) {
        for (const std::uint32_t n : {0u, 1u, 2u, 31u, 32u, 33u}) {
            for (const std::uint32_t dim : {1u, 4u, 200u}) {
                const Data data = data_for(metric, n, dim, n);
                check_exact(metric, data, data_for(metric, 2, dim, 99), std::to_string(n) + " items");
            }
        }
    }
}

TEST(search_of_4096_dimensions) {
    for (const Metric metric : metrics)
        check_exact(metric, data_for(metric, 150, 4096, 1), data_for(metric, 2, 4096, 2), "4096");
}

TEST(search_of_data_without_structure) {
    for (const Metric metric : metrics) {
        for (const std::uint32_t dim : {1u, 5u, 150u}) {
            const Data query = data_for(metric, 2, dim, 3);
            const std::string size = ", dim " + std::to_string(dim);
            check_exact(metric, {dim, std::vector<float>(500 * dim, 1.0f)}, query, "all duplicates" + size);
            check_exact(metric, {dim, std::vector<float>(500 * dim, 0.0f)}, query, "all zeros" + size);
            Data constant = data_for(metric, 300, dim, 4);
            for (std::size_t i = 0; i < constant.values.size(); i += dim) constant.values[i] = 1;
            check_exact(metric, constant, query, "a constant dimension" + size);
            Data twice = data_for(metric, 150, dim, 5);
            twice.values.insert(twice.values.end(), twice.values.begin(), twice.values.end());
            check_exact(metric, twice, query, "everything twice" + size);
            std::fill_n(twice.values.begin(), dim, 0.0f);
            check_exact(metric, twice, {dim, std::vector<float>(dim, 0.0f)}, "a zero query and a zero item" + size);
        }
    }
}

TEST(search_gets_no_worse_with_more_candidates) {
    for (const Metric metric : metrics) {
        const std::uint32_t dim = metric == Metric::hamming ? 200 : 30;
        const Data data = data_for(metric, 3000, dim, 1);
        const Index index = make_index(metric, data);
        const Data queries = data_for(metric, 20, dim, 2);
        std::size_t right = 0;
        for (std::uint32_t q = 0; q < queries.count(); ++q) {
            const auto exact = index.search(queries.row(q), {.k = 10, .exact = true});
            std::vector<Neighbor> before;
            for (const std::uint64_t search_k : {1, 20, 50, 100, 200, 500, 1000, 2000, 2999, 3000, 10000}) {
                const auto found = index.search(queries.row(q), {.k = 10, .search_k = search_k});
                check_complete(index, found, 10, "search_k " + std::to_string(search_k));
                const double sign = metric == Metric::dot ? -1 : 1;
                for (std::size_t i = 0; i < before.size(); ++i) {
                    CHECK(sign * found[i].distance <= sign * before[i].distance);
                }
                if (search_k == 500) {
                    for (const auto& each : found) right += sign * each.distance <= sign * exact[9].distance ? 1 : 0;
                }
                before = found;
            }
            CHECK(same(before, exact));
        }
        CHECK(right > 20 * 10 / 4);  // a sixth of the items at random would be 33
    }
}

TEST(search_in_batches_equals_one_by_one_on_any_number_of_threads) {
    for (const Metric metric : metrics) {
        const Data data = data_for(metric, 2000, 140, 1);
        const Index index = make_index(metric, data);
        for (const std::uint32_t n : {0u, 1u, 7u, 8u, 50u}) {
            const Data queries = data_for(metric, n, 140, 2);
            for (const std::uint32_t threads : {0u, 1u, 2u, 3u}) {
                std::vector<Neighbor> batch(n * 10);
                index.search_batch(queries.values, {.k = 10, .search_k = 300, .threads = threads}, batch);
                for (std::uint32_t q = 0; q < n; ++q) {
                    const auto one = index.search(queries.row(q), {.k = 10, .search_k = 300});
                    CHECK(same(one, {batch.begin() + q * 10, batch.begin() + (q + 1) * 10}));
                }
            }
        }
    }
}

TEST(search_into_arrays_gives_what_a_search_of_neighbours_gives) {
    for (const Metric metric : metrics) {
        const Data data = data_for(metric, 500, 12, 1);
        const Data queries = data_for(metric, 70, 12, 2);
        Builder builder(12, metric);
        std::vector<std::int64_t> names(data.count());
        std::iota(names.begin(), names.end(), 1000);
        builder.add(data.values, names);
        const Index index = builder.build(BuildOptions{});
        std::vector<Neighbor> neighbors(std::size_t{70} * 10);
        std::vector<std::int64_t> ids(neighbors.size());
        std::vector<float> distances(neighbors.size());
        for (const std::uint32_t threads : {1u, 3u}) {
            index.search_batch(queries.values, {.k = 10, .threads = threads}, neighbors);
            index.search_batch(queries.values, {.k = 10, .threads = threads}, ids, distances);
            for (std::size_t i = 0; i < neighbors.size(); ++i) {
                CHECK(ids[i] == neighbors[i].row + 1000 && distances[i] == neighbors[i].distance);
            }
        }
        ids.pop_back();
        CHECK(caught([&] {
                  index.search_batch(queries.values, {.k = 10}, ids, distances);
              }).is(ErrorCode::invalid_argument, "got 699 and 700"));
        distances.pop_back();
        CHECK(caught([&] {
                  index.search_batch(queries.values, {.k = 10}, ids, distances);
              }).is(ErrorCode::invalid_argument, "room for 700 neighbours; got 699"));
    }
}

TEST(search_finds_an_item_itself_at_distance_zero) {
    for (const Metric metric : metrics) {
        if (metric == Metric::dot) continue;
        for (const std::uint32_t dim : {2u, 33u, 300u}) {
            const Data data = data_for(metric, 500, dim, dim);
            const Index index = make_index(metric, data);
            for (std::uint32_t row = 0; row < 500; row += 13) {
                CHECK(index.distance(row, row) == 0 || (dim == 2 && metric == Metric::hamming));
                const auto found = index.search(data.row(row), {.k = 1, .exact = true});
                CHECK(found[0].distance == 0);
            }
        }
    }
}

TEST(search_zero_vectors_are_at_a_right_angle_to_everything) {
    for (const auto& [metric, expected] : {std::pair{Metric::angular, std::sqrt(2.0f)}, {Metric::cosine, 1.0f}}) {
        Data data = data_for(metric, 100, 8, 1);
        std::fill_n(data.values.begin(), 16, 0.0f);  // rows 0 and 1
        const Index index = make_index(metric, data);
        CHECK(index.distance(0, 50) == expected && index.distance(50, 0) == expected);
        CHECK(index.distance(0, 1) == expected && index.distance(0, 0) == expected);
        const auto found = index.search(std::vector<float>(8, 0.0f), {.k = 5});
        for (std::uint32_t i = 0; i < 5; ++i) CHECK(found[i].row == i && found[i].distance == expected);
    }
}

TEST(search_many_zero_vectors_do_not_hide_what_is_nearer) {
    for (const Metric metric : {Metric::angular, Metric::cosine}) {
        Data data =
            data_for(metric, 200, 300, 1);  // so many dimensions that the nearest is further away than the origin
        std::fill_n(data.values.begin(), 100 * 300, 0.0f);
        check_exact(metric, data, data_for(metric, 3, 300, 2), "half of them zeros");
    }
}

TEST(search_distance_of_two_items_is_that_of_a_search) {
    for (const Metric metric : metrics) {
        const Data data = data_for(metric, 60, 37, 1);
        const Index index = make_index(metric, data);
        for (const auto& each : index.search(data.row(5), {.k = 60, .exact = true})) {
            CHECK(index.distance(5, each.row) == each.distance);
            CHECK(index.distance(each.row, 5) == each.distance);
        }
    }
}

// Rounding would lead a little farther than directions can be apart, and arccos(1 - distance) to no number.
TEST(search_opposite_directions_are_at_two_and_no_farther) {
    for (const Metric metric : {Metric::angular, Metric::cosine}) {
        for (const Values values : {Values::floats, Values::halves}) {
            for (const std::uint32_t dim : {2u, 48u, 200u}) {
                const Data some = data_of(values, 800, dim, dim);
                Data data = some;  // and all of it the other way round, some of it longer
                for (std::size_t i = 0; i < some.values.size(); ++i) {
                    data.values.push_back(some.values[i] * (i / dim % 3 == 0 ? -3.0f : -1.0f));
                }
                for (const BuildOptions& options :
                     {forest_options(), graph_options(), graph_options(Profile::compact, Keep::none)}) {
                    const Index index = make_index(metric, data, options);
                    for (std::uint32_t row = 0; row < 800; row += 3) {
                        const float apart = index.distance(row, 800 + row);
                        CHECK(apart <= 2 && apart > 1.99f);
                    }
                    for (std::uint32_t row = 0; row < 60; ++row) {
                        const auto all = index.search(some.row(row), {.k = 1600, .exact = true});
                        CHECK(all.back().distance <= 2 && all.back().distance > 1.9f);
                        for (const Neighbor& each : all) CHECK(each.distance <= 2 && each.distance >= 0);
                    }
                }
            }
        }
    }
}

TEST(search_refuses_what_it_cannot_answer) {
    const Index index = make_index(Metric::euclidean, data_for(Metric::euclidean, 10, 3, 1));
    const std::vector<float> query = {1, 2, 3};
    std::vector<Neighbor> out(10);
    CHECK(caught([&] { index.search(query, {.k = 0}); }).is(ErrorCode::invalid_argument, "k must be at least 1"));
    CHECK(caught([&] { index.search(std::vector<float>(4)); }).is(ErrorCode::invalid_argument, "3 values"));
    CHECK(caught([&] { index.search({}); }).is(ErrorCode::invalid_argument, "got 0"));
    CHECK(caught([&] { index.search(std::vector<float>{1, NAN, 3}); }).is(ErrorCode::invalid_argument, "value 1"));
    CHECK(caught([&] { index.search(std::vector<float>{1, 2, INFINITY}); }).is(ErrorCode::invalid_argument, "finite"));
    CHECK(caught([&] { index.search_batch(query, {.k = 3}, out); }).is(ErrorCode::invalid_argument, "room for 3"));
    CHECK(caught([&] { index.distance(0, 10); }).is(ErrorCode::not_found, "row 10"));
    CHECK(caught([&] { index.distance(10, 0); }).is(ErrorCode::not_found, "row 10"));
    std::vector<float> vector(2);
    CHECK(caught([&] { index.vector(0, vector); }).is(ErrorCode::invalid_argument, "room for 3"));
}
