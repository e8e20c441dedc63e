// Graphs through the public API: the same bytes always, exact where they are asked to be, complete whatever the data.
#include <cstdlib>

#include "again.hpp"
#include "api/graph_sample.hpp"
#include "base/crc32c.hpp"
#include "check.hpp"

using namespace nearfile;
using namespace nearfile::sample;

namespace {

void check_graph(Metric metric, const Data& data, const Data& queries, const BuildOptions& options,
                 const std::string& what) {
    const std::string name = what + ", " + name_of(metric, options.profile, options.keep);
    const Index index = make_index(metric, data, options);
    CHECK(index.info().structure == Structure::graph);
    const Caught damaged = caught([&] { index.verify(); });
    if (damaged.any) test::fail(__FILE__, __LINE__, name + ": " + damaged.message);
    const Data known = options.keep == Keep::exact ? data : kept(index);
    for (std::uint32_t q = 0; q < queries.count(); ++q) {
        for (const std::uint32_t k : {1u, 10u, data.count() + 5}) {
            const auto exact = index.search(queries.row(q), {.k = k, .exact = true});
            check_complete(index, exact, k, name);
            check_equals_brute_force(index, known, queries.row(q), exact, name);
            const std::uint32_t all = std::max(data.count(), 1u);
            CHECK(same(index.search(queries.row(q), {.k = k, .effort = all}), exact));
            check_complete(index, index.search(queries.row(q), {.k = k, .effort = 1}), k, name);
            check_complete(index, index.search(queries.row(q), {.k = k}), k, name);
        }
    }
}

}  // namespace

TEST(graph_has_the_same_bytes_on_any_number_of_threads) {
    for (const Metric metric : metrics) {
        for (const std::uint32_t dim : {12u, 140u}) {
            const Data data = data_for(metric, 1500, dim, 1);
            const Index one = make_index(metric, data, graph_options(Profile::balanced, Keep::exact, 1));
            for (const std::uint32_t threads : {2u, 5u}) {
                const Index index = make_index(metric, data, graph_options(Profile::balanced, Keep::exact, threads));
                CHECK(same_bytes(index.bytes(), one.bytes()));
            }
        }
    }
}

TEST(graph_effort_of_all_items_equals_brute_force_for_every_metric_profile_and_keep) {
    for (const Metric metric : metrics) {
        for (const Profile profile : profiles) {
            for (const Keep keep : keeps) {
                for (const Values values : {Values::floats, Values::bytes}) {
                    if (metric == Metric::hamming && values == Values::bytes) continue;
                    const Values taken = metric == Metric::hamming ? Values::bits : values;
                    for (const std::uint32_t dim : {7u, 133u}) {
                        check_graph(metric, data_of(taken, 200, dim, 1), data_of(taken, 2, dim, 2),
                                    graph_options(profile, keep), "dim " + std::to_string(dim));
                    }
                }
            }
        }
    }
}

TEST(graph_says_how_many_trees_it_was_built_with_and_how_many_were_asked_for) {
    for (const Metric metric : {Metric::euclidean, Metric::hamming}) {
        const Data data = data_for(metric, 1500, 20, 1);
        const auto of_trees = [&](std::uint32_t n_trees) {
            BuildOptions options = graph_options();
            options.n_trees = n_trees;
            return make_index(metric, data, options);
        };
        for (const auto& [asked, used, said] :
             {std::array{1u, 1u, 1u}, {16u, 16u, 16u}, {100u, 16u, 100u}, {0u, 8u, 8u}}) {
            const Index index = of_trees(asked);
            CHECK(index.info().n_trees == used && index.info().n_trees_asked == said);
            index.verify();
        }
        // More than a graph takes make no difference to it.
        const Index most = of_trees(16);
        const Index more = of_trees(100);
        CHECK(same_bytes(most.bytes().subspan(4096), more.bytes().subspan(4096)));
    }
}

TEST(graph_gives_back_what_it_keeps) {
    for (const Metric metric : metrics) {
        const Data data = data_for(metric, 150, 20, 3);
        const Data exact = kept(make_index(metric, data, graph_options()));
        CHECK(exact.values == data.values);
        if (metric == Metric::hamming) continue;
        const Data half = kept(make_index(metric, data, graph_options(Profile::balanced, Keep::half)));
        const Data none = kept(make_index(metric, data, graph_options(Profile::balanced, Keep::none)));
        for (std::uint32_t row = 0; row < data.count(); ++row) {
            double length = 0;
            for (const float value : data.row(row)) length += double{value} * value;
            const bool normalised = metric == Metric::angular || metric == Metric::cosine;
            const double divisor = normalised ? std::sqrt(length) : 1;
            for (std::uint32_t i = 0; i < data.dim; ++i) {
                const double value = data.row(row)[i];
                CHECK(std::fabs(half.row(row)[i] - value) <= std::fabs(value) / 2048 + 1e-7);
                CHECK(std::fabs(none.row(row)[i] - value / divisor) <= 0.04);
            }
        }
    }
}

TEST(graph_of_few_items) {
    for (const Metric metric : metrics) {
        for (const std::uint32_t n : {0u, 1u, 2u, 3u, 70u}) {
            for (const std::uint32_t dim : {1u, 4u, 200u}) {
                for (const Keep keep : {Keep::exact, Keep::none}) {
                    check_graph(metric, data_for(metric, n, dim, n), data_for(metric, 2, dim, 99),
                                graph_options(Profile::balanced, keep), std::to_string(n) + " items");
                }
            }
        }
    }
}

TEST(graph_of_4096_dimensions) {
    for (const Metric metric : metrics) {
        check_graph(metric, data_for(metric, 70, 4096, 1), data_for(metric, 1, 4096, 2), graph_options(), "4096");
    }
}

TEST(graph_of_data_without_structure) {
    for (const Metric metric : metrics) {
        for (const std::uint32_t dim : {1u, 5u, 150u}) {
            for (const Keep keep : {Keep::exact, Keep::none}) {
                const BuildOptions options = graph_options(Profile::balanced, keep);
                const Data query = data_for(metric, 2, dim, 3);
                const std::string size = ", dim " + std::to_string(dim);
                check_graph(metric, {dim, std::vector<float>(200 * dim, 1.0f)}, query, options, "duplicates" + size);
                check_graph(metric, {dim, std::vector<float>(200 * dim, 0.0f)}, query, options, "zeros" + size);
                Data constant = data_for(metric, 200, dim, 4);
                for (std::size_t i = 0; i < constant.values.size(); i += dim) constant.values[i] = 1;
                check_graph(metric, constant, query, options, "a constant dimension" + size);
                Data some_zeros = data_for(metric, 200, dim, 5);
                std::fill_n(some_zeros.values.begin(), 90 * dim, 0.0f);
                check_graph(metric, some_zeros, query, options, "many zeros" + size);
                check_graph(metric, some_zeros, {dim, std::vector<float>(dim)}, options, "a zero query" + size);
            }
        }
    }
}

TEST(graph_of_values_of_every_size) {
    for (const Metric metric : metrics) {
        if (metric == Metric::hamming) continue;
        for (const float scale : {1e-38f, 1e-12f, 1e6f, 1e15f}) {
            Data data = data_for(metric, 200, 10, 5);
            Data queries = data_for(metric, 2, 10, 6);
            for (float& value : data.values) value *= scale;
            for (float& value : queries.values) value *= scale;
            const Index index = make_index(metric, data, graph_options());
            index.verify();
            for (std::uint32_t q = 0; q < 2; ++q) {
                check_complete(index, index.search(queries.row(q), {.k = 20, .effort = 30}), 20, "scaled");
                if (scale < 1e-30f) continue;  // squares vanish in single precision
                const auto exact = index.search(queries.row(q), {.k = 20, .effort = 200});
                check_equals_brute_force(index, data, queries.row(q), exact, "scale " + std::to_string(scale));
            }
        }
    }
}

TEST(graph_recall_rises_with_effort) {
    for (const Metric metric : metrics) {
        for (const Profile profile : {Profile::compact, Profile::balanced}) {
            const std::uint32_t dim = metric == Metric::hamming ? 128 : 16;
            const Data data = data_for(metric, 1200, dim, 1);
            const Index index = make_index(metric, data, graph_options(profile));
            const Data queries = data_for(metric, 25, dim, 2);
            double before = 0;
            for (const std::uint32_t effort : {10u, 30u, 100u, 400u, 1199u, 1200u}) {
                std::size_t right = 0;
                for (std::uint32_t q = 0; q < queries.count(); ++q) {
                    const auto exact = index.search(queries.row(q), {.k = 10, .exact = true});
                    const double sign = metric == Metric::dot ? -1 : 1;
                    for (const auto& each : index.search(queries.row(q), {.k = 10, .effort = effort})) {
                        right += sign * each.distance <= sign * exact.back().distance ? 1 : 0;
                    }
                }
                const double recall = std::min(1.0, static_cast<double>(right) / 250);
                if (recall < before - 0.02) {
                    test::fail(__FILE__, __LINE__,
                               name_of(metric, profile, Keep::exact) + ": effort " + std::to_string(effort) + " has " +
                                   std::to_string(recall) + " after " + std::to_string(before));
                }
                before = recall;
                // The walk is worth its name: it does not need a third of the items for nine in ten.
                if (effort == 400) CHECK(recall > 0.9);
            }
            CHECK(before == 1.0);
        }
    }
}

TEST(graph_searches_in_batches_equal_one_by_one_on_any_number_of_threads) {
    for (const Metric metric : metrics) {
        const Data data = data_for(metric, 600, 20, 1);
        const Index index = make_index(metric, data, graph_options());
        const Data queries = data_for(metric, 30, 20, 2);
        for (const std::uint32_t threads : {1u, 3u}) {
            std::vector<Neighbor> batch(30 * 10);
            index.search_batch(queries.values, {.k = 10, .effort = 40, .threads = threads}, batch);
            for (std::uint32_t q = 0; q < 30; ++q) {
                const auto one = index.search(queries.row(q), {.k = 10, .effort = 40});
                CHECK(same(one, {batch.begin() + q * 10, batch.begin() + (q + 1) * 10}));
            }
        }
    }
}

// Bytes and answers as one number, which every instruction set must give.
TEST(graph_bytes_and_answers_are_those_of_every_instruction_set) {
    std::uint32_t crc = 0;
    for (const Metric metric : metrics) {
        for (const Profile profile : {Profile::compact, Profile::balanced}) {
            for (const std::uint32_t dim : {20u, 150u}) {
                const Data data = data_for(metric, 400, dim, 1);
                const Index index = make_index(metric, data, graph_options(profile));
                crc = base::crc32c(index.bytes(), crc);
                const Data queries = data_for(metric, 10, dim, 2);
                for (std::uint32_t q = 0; q < 10; ++q) {
                    const auto found = index.search(queries.row(q), {.k = 10, .effort = 30});
                    crc = base::crc32c(std::as_bytes(std::span(found)), crc);
                }
            }
        }
    }
    // Each process has one instruction set, so another one is asked with the same program.
    if (const char* expected = std::getenv("NEARFILE_TEST_EXPECTED")) {
        CHECK(std::to_string(crc) == expected);
        return;
    }
    for (const std::string_view name : supported_instruction_sets()) {
        const test::Variables variables = {{"NEARFILE_ISA", std::string(name)},
                                           {"NEARFILE_TEST_EXPECTED", std::to_string(crc)}};
        if (!test::passes_again("graph_bytes_and_answers_are", variables)) {
            test::fail(__FILE__, __LINE__, "differs: " + std::string(name));
        }
    }
}
