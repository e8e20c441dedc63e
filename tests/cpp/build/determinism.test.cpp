// The same input, seed and version give the same bytes: on any number of threads, however it was added.
#include "api/sample.hpp"
#include "check.hpp"

using namespace nearfile;
using namespace nearfile::sample;

TEST(determinism_of_any_number_of_threads) {
    for (const Metric metric : metrics) {
        for (const std::uint32_t dim : {16u, 200u}) {
            const Data data = data_for(metric, 9000, dim, 1);  // several blocks of rows
            const Index one = make_index(metric, data, forest_options(5, 1));
            for (const std::uint32_t threads : {0u, 2u, 4u}) {
                const Index index = make_index(metric, data, forest_options(5, threads));
                CHECK(same_bytes(index.bytes(), one.bytes()));
            }
        }
    }
}

TEST(determinism_of_seeds) {
    for (const Metric metric : metrics) {
        const Data data = data_for(metric, 1000, 20, 1);
        const auto of_seed = [&](std::uint64_t seed) {
            return make_index(metric, data,
                              {.structure = Structure::forest, .n_trees = 3, .seed = seed, .progress = {}});
        };
        CHECK(same_bytes(of_seed(5).bytes(), of_seed(5).bytes()));
        CHECK(!same_bytes(of_seed(5).bytes(), of_seed(6).bytes()));
        CHECK(of_seed(5).info().seed == 5);
    }
}

TEST(determinism_of_batches) {
    for (const Metric metric : metrics) {
        const Data data = data_for(metric, 1000, 20, 1);
        const BuildOptions options = forest_options(3);
        Builder builder(20, metric);
        std::size_t at = 0;
        for (std::size_t rows = 1; at < data.values.size(); ++rows) {
            const std::size_t some = std::min(rows * 20, data.values.size() - at);
            builder.add(std::span(data.values).subspan(at, some));
            at += some;
        }
        CHECK(same_bytes(builder.build(options).bytes(), make_index(metric, data, options).bytes()));
        CHECK(same_bytes(builder.build(options).bytes(), builder.build(options).bytes()));
    }
}

TEST(determinism_of_searches) {
    for (const Metric metric : metrics) {
        const Data data = data_for(metric, 3000, 40, 1);
        const Index index = make_index(metric, data);
        const Data queries = data_for(metric, 20, 40, 2);
        std::vector<std::vector<Neighbor>> first;
        for (std::uint32_t q = 0; q < 20; ++q) first.push_back(index.search(queries.row(q), {.k = 5, .search_k = 100}));
        // In another order, from scratch memory that other searches used.
        for (std::uint32_t q = 20; q-- > 0;) {
            index.search(queries.row(q), {.k = 50, .search_k = 1000});
            CHECK(same(index.search(queries.row(q), {.k = 5, .search_k = 100}), first[q]));
        }
    }
}
