// Index::search_radius against a search for everything: the same where it is exact, never more elsewhere.
#include <limits>

#include "api/graph_sample.hpp"
#include "check.hpp"

using namespace nearfile;
using namespace nearfile::sample;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

std::vector<Neighbor> within(const Index& index, std::span<const float> query, float radius) {
    std::vector<Neighbor> all = index.search(query, {.k = std::max(index.size(), 1u), .exact = true});
    std::erase_if(all, [&](const Neighbor& each) {
        return index.metric() == Metric::dot ? each.distance < radius : each.distance > radius;
    });
    return all;
}

// At distances of items themselves, where the boundary is.
void check_exact(const Index& index, const Data& queries, const RadiusOptions& options, const std::string& what) {
    const auto all = index.search(queries.row(0), {.k = index.size(), .exact = true});
    for (const std::size_t rank : {std::size_t{0}, all.size() / 3, all.size() - 1}) {
        const float radius = all[rank].distance;
        const RaggedNeighbors found = index.search_radius_batch(queries.values, radius, options);
        CHECK(found.offsets.size() == queries.count() + 1);
        CHECK(found.offsets.back() == found.neighbors.size());
        for (std::uint32_t q = 0; q < queries.count(); ++q) {
            const std::vector<Neighbor> of_query(found[q].begin(), found[q].end());
            if (!same(of_query, within(index, queries.row(q), radius))) {
                test::fail(__FILE__, __LINE__, what + ": all within " + std::to_string(radius));
            }
            CHECK(same(of_query, index.search_radius(queries.row(q), radius, options)));
        }
    }
}

}  // namespace

TEST(radius_exact_equals_brute_force_for_every_metric_profile_and_keep) {
    for (const Metric metric : metrics) {
        for (const std::uint32_t dim : {7u, 133u}) {
            const Data data = data_for(metric, 300, dim, 1);
            const Data queries = data_for(metric, 18, dim, 2);  // more than share a scan
            check_exact(make_index(metric, data), queries, {.exact = true}, "forest");
            for (const Profile profile : profiles) {
                for (const Keep keep : keeps) {
                    const Index index = make_index(metric, data, graph_options(profile, keep));
                    check_exact(index, queries, {.exact = true}, name_of(metric, profile, keep));
                    check_exact(index, queries, {}, name_of(metric, profile, keep) + ", few items");
                }
            }
        }
    }
}

TEST(radius_finds_by_walks_what_is_asked_for) {
    for (const Metric metric : metrics) {
        for (const Profile profile : {Profile::compact, Profile::balanced}) {
            const Data data = data_for(metric, 4000, 12, 1);
            const Data queries = data_for(metric, 60, 12, 2);
            const Index index = make_index(metric, data, graph_options(profile));
            for (const std::uint32_t rank : {2u, 60u}) {
                const float radius = index.search(queries.row(0), {.k = rank + 1, .exact = true}).back().distance;
                const RaggedNeighbors found = index.search_radius_batch(queries.values, radius, {.recall = 0.95f});
                std::size_t n_expected = 0;
                for (std::uint32_t q = 0; q < queries.count(); ++q) {
                    const auto expected = within(index, queries.row(q), radius);
                    n_expected += expected.size();
                    for (const Neighbor& each : found[q]) {
                        CHECK(std::ranges::count(expected, each.row, &Neighbor::row) == 1);
                    }
                }
                CHECK(static_cast<double>(found.neighbors.size()) >= 0.93 * static_cast<double>(n_expected));
            }
        }
    }
}

TEST(radius_of_everything_nothing_and_duplicates) {
    Data data = data_for(Metric::euclidean, 3000, 8, 1);
    for (std::size_t row = 100; row < 2000; ++row) std::ranges::copy(data.row(0), &data.values[row * 8]);
    for (const bool graph : {false, true}) {
        const Index index = make_index(Metric::euclidean, data, graph ? graph_options() : forest_options());
        CHECK(same(index.search_radius(data.row(5), infinity), within(index, data.row(5), infinity)));
        CHECK(index.search_radius(data.row(0), 0).size() == 1901);
        CHECK(index.search_radius(std::vector<float>(8, 1000.0f), 1).empty());
        CHECK(index.search_radius_batch({}, 1).offsets == std::vector<std::uint64_t>{0});
    }
}

TEST(radius_keeps_the_nearest_where_a_number_is_given) {
    const Data data = data_for(Metric::cosine, 2000, 8, 1);
    const Index index = make_index(Metric::cosine, data, graph_options());
    for (const std::uint32_t most : {1u, 10u, 700u, 1u << 30}) {
        auto expected = within(index, data.row(1), 0.9f);
        if (expected.size() > most) expected.resize(most);
        CHECK(same(index.search_radius(data.row(1), 0.9f, {.exact = true, .max_results = most}), expected));
        CHECK(index.search_radius(data.row(1), 0.9f, {.max_results = most}).size() <= most);
    }
}

TEST(radius_does_not_depend_on_threads_or_company) {
    const Data data = data_for(Metric::euclidean, 3000, 16, 1);
    const Index index = make_index(Metric::euclidean, data, graph_options());
    const Data queries = data_for(Metric::euclidean, 200, 16, 2);
    const float radius = index.search(queries.row(0), {.k = 50}).back().distance;
    const RaggedNeighbors one = index.search_radius_batch(queries.values, radius, {.threads = 1});
    const RaggedNeighbors four = index.search_radius_batch(queries.values, radius, {.threads = 4});
    CHECK(same(one.neighbors, four.neighbors));
    CHECK(one.offsets == four.offsets);
    for (const std::size_t q : {0u, 199u}) {
        CHECK(same(index.search_radius(queries.row(q), radius), {one[q].begin(), one[q].end()}));
    }
}

TEST(radius_refuses_what_cannot_be) {
    const Data data = data_for(Metric::euclidean, 50, 3, 1);
    const Index graph = make_index(Metric::euclidean, data, graph_options());
    const Index forest = make_index(Metric::euclidean, data);
    const auto refused = [&](const Index& index, std::size_t n, float radius, const RadiusOptions& options) {
        const std::span<const float> query = std::span(data.values).first(n);
        return caught([&] { (void)index.search_radius_batch(query, radius, options); });
    };
    CHECK(refused(graph, 3, -1, {}).is(ErrorCode::invalid_argument, "at least 0"));
    CHECK(refused(graph, 3, std::numeric_limits<float>::quiet_NaN(), {}).is(ErrorCode::invalid_argument, "got nan"));
    CHECK(refused(graph, 4, 1, {}).is(ErrorCode::invalid_argument, "rows of 3 values"));
    CHECK(refused(graph, 3, 1, {.recall = 2}).is(ErrorCode::invalid_argument, "recall"));
    CHECK(refused(graph, 3, 1, {.search_k = 2}).is(ErrorCode::invalid_argument, "search_k is for forests"));
    CHECK(refused(forest, 3, 1, {.recall = 0.5f}).is(ErrorCode::invalid_argument, "recall is for graphs"));
    CHECK(caught([&] { (void)graph.search_radius(data.values, 1); }).is(ErrorCode::invalid_argument, "3 values"));
}
