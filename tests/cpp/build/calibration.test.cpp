// Calibrations: what they count by is brute force's, what is left out is left out, and held-out queries find what was
// promised.
#include "build/calibration.hpp"

#include <algorithm>

#include "api/state_sample.hpp"
#include "build/ground_truth.hpp"
#include "build/leave_one_out.hpp"
#include "check.hpp"

using namespace nearfile;
using namespace nearfile::sample;

namespace {

constexpr std::uint32_t n = 1500;

// Vectors around 50 centers, which do not depend on the seed.
Data clustered(Metric metric, std::uint32_t count, std::uint64_t seed) {
    const std::uint32_t dim = metric == Metric::hamming ? 128 : 16;
    const Data centers = data_for(metric, 50, dim, 77);
    Data data = data_for(metric, count, dim, seed);
    base::Random random(seed);
    for (std::uint32_t row = 0; row < count; ++row) {
        const auto center = centers.row(random.below(50));
        for (std::uint32_t i = 0; i < dim; ++i) {
            float& value = data.values[std::size_t{row} * dim + i];
            if (metric == Metric::hamming) {
                if (random.below(4) != 0) value = center[i];
            } else {
                value = value * 0.5f + center[i];
            }
        }
    }
    return data;
}

float nearer_first(Metric metric, float distance) {
    return metric == Metric::dot ? -distance : distance;
}

}  // namespace

TEST(truth_equals_brute_force_for_items_and_for_others) {
    for (const Metric metric : metrics) {
        for (const Keep keep : {Keep::exact, Keep::none}) {
            const Data data = clustered(metric, n, 1);
            const Index index = make_index(metric, data, graph_options(Profile::balanced, keep));
            const auto state = open(index);
            build::CalibrationQueries others;
            others.values = clustered(metric, 40, 2).values;
            const auto of_others = build::nearest_distances(*state, others, 100, 2, {});
            CHECK(of_others.size() == 40);
            for (std::size_t q = 0; q < of_others.size(); ++q) {
                const auto query = std::span(others.values).subspan(q * data.dim, data.dim);
                const auto exact = index.search(query, {.k = 100, .exact = true});
                for (std::size_t i = 0; i < 100; ++i) {
                    CHECK(of_others[q][i] == nearer_first(metric, exact[i].distance));
                }
            }
            const build::CalibrationQueries items = build::items_as_queries(*state);
            CHECK(items.items.size() == 512 && items.values.size() == std::size_t{512} * data.dim);
            const auto of_items = build::nearest_distances(*state, items, 10, 2, {});
            for (std::size_t q = 0; q < of_items.size(); q += 37) {
                const auto query = std::span(items.values).subspan(q * data.dim, data.dim);
                auto exact = index.search(query, {.k = 11, .exact = true});
                const std::uint32_t row = state->row_of(items.items[q]);
                std::erase_if(exact, [&](const Neighbor& each) { return each.row == row; });
                for (std::size_t i = 0; i < 10; ++i) {
                    CHECK(of_items[q][i] == nearer_first(metric, exact[i].distance));
                }
            }
        }
    }
}

TEST(left_out_items_have_another_in_their_place) {
    for (const Profile profile : {Profile::compact, Profile::balanced}) {
        const auto state =
            open(make_index(Metric::euclidean, clustered(Metric::euclidean, n, 1), graph_options(profile)));
        std::vector<std::uint32_t> of_item;
        std::vector<std::uint32_t> of_vertex;
        for (std::uint32_t item = 0; item < n; item += 100) {
            build::LeaveOneOut leave_one_out(*state, item);
            build::neighbors_of(*state, item, of_item);
            std::size_t replaced = 0;
            for (std::uint32_t vertex = 0; vertex < n; ++vertex) {
                if (vertex == item) continue;
                build::neighbors_of(*state, vertex, of_vertex);
                const auto has = [&](std::uint32_t each) {
                    return std::find(of_vertex.begin(), of_vertex.end(), each) != of_vertex.end();
                };
                const std::uint32_t instead = leave_one_out.replacement_at(vertex);
                CHECK(instead == leave_one_out.replacement_at(vertex));
                if (instead == item) continue;
                ++replaced;
                CHECK(has(item) && !has(instead) && instead != vertex);
                CHECK(std::find(of_item.begin(), of_item.end(), instead) != of_item.end());
            }
            CHECK(replaced > 0);
        }
    }
}

TEST(calibration_promises_what_held_out_queries_find) {
    for (const Metric metric : {Metric::euclidean, Metric::angular, Metric::manhattan, Metric::hamming}) {
        for (const Profile profile : {Profile::compact, Profile::balanced}) {
            const Index index = make_index(metric, clustered(metric, 6000, 1), graph_options(profile));
            const Data queries = clustered(metric, 300, 2);
            for (const CalibrationPoint& point : index.info().calibration) {
                if (point.k != 10 || point.effort > 100) continue;
                std::size_t found = 0;
                for (std::uint32_t q = 0; q < queries.count(); ++q) {
                    const auto exact = index.search(queries.row(q), {.k = 10, .exact = true});
                    for (const auto& each : index.search(queries.row(q), {.k = 10, .effort = point.effort})) {
                        found += each.distance <= exact.back().distance ? 1 : 0;
                    }
                }
                // Ties may make more than ten right.
                const double recall = std::min(1.0, static_cast<double>(found) / 3000);
                const double tolerated = std::max(0.045, 4.0 * static_cast<double>(point.standard_error));
                if (std::fabs(recall - static_cast<double>(point.recall)) > tolerated) {
                    test::fail(__FILE__, __LINE__,
                               name_of(metric, profile, Keep::exact) + ": effort " + std::to_string(point.effort) +
                                   " promised " + std::to_string(point.recall) + " and has " + std::to_string(recall));
                }
            }
        }
    }
}

TEST(calibration_takes_queries_that_are_no_items) {
    const auto state = open(make_index(Metric::euclidean, clustered(Metric::euclidean, n, 1), graph_options()));
    build::CalibrationQueries queries;
    queries.values = clustered(Metric::euclidean, 100, 2).values;
    const build::Calibration calibration = build::calibrate(*state, queries, 2, {});
    CHECK(!calibration.points.empty());
    CHECK(calibration.points.size() == build::calibrate(*state, queries, 1, {}).points.size());
    for (std::size_t i = 1; i < calibration.points.size(); ++i) {
        const CalibrationPoint& before = calibration.points[i - 1];
        const CalibrationPoint& point = calibration.points[i];
        if (point.k == before.k) CHECK(point.effort > before.effort && point.recall >= before.recall);
        CHECK(point.k >= before.k);
    }
    CHECK(std::is_sorted(calibration.nearest.begin(), calibration.nearest.end()));
    CHECK(calibration.nearest.front() > 0);
    CHECK(build::calibrate(*state, {}, 1, {}).points.empty());
}

TEST(query_drift_is_counted_once_enough_and_only_where_they_walk) {
    const Index index = make_index(Metric::euclidean, clustered(Metric::euclidean, n, 1), graph_options());
    const Data near = clustered(Metric::euclidean, 200, 2);
    Data far = near;
    for (float& value : far.values) value = 50 - value;
    std::vector<Neighbor> out(std::size_t{200} * 10);
    index.search_batch(near.values, {.k = 10, .exact = true}, out);
    CHECK(index.query_drift().seen == 0 && index.query_drift().watched > 0);
    index.search_batch(near.values, {.k = 10}, out);
    CHECK(index.query_drift().seen == 200 && index.query_drift().far < 20);
    const std::uint32_t before = index.query_drift().far;
    index.search_batch(far.values, {.k = 10}, out);
    CHECK(index.query_drift().seen == index.query_drift().watched);
    CHECK(index.query_drift().far == before + index.query_drift().watched - 200);
    const Index small = make_index(Metric::euclidean, clustered(Metric::euclidean, 500, 1), graph_options());
    small.search_batch(far.values, {.k = 10}, out);
    CHECK(small.query_drift().seen == 0 && small.query_drift().far == 0 && small.query_drift().watched == 0);
}
