// Indexes whose codes are split: what is answered is as far as vector() says, one by one as in a batch.
#include "api/graph_sample.hpp"
#include "check.hpp"

using namespace nearfile;
using namespace nearfile::sample;

namespace {

constexpr std::uint32_t n = 3000;
constexpr Metric split_metrics[] = {Metric::euclidean, Metric::angular, Metric::cosine};

Index split_index(Metric metric, std::uint32_t dim, unsigned threads = 0) {
    Data data = data_of(Values::floats, n, dim, 1);
    std::fill_n(data.values.begin() + 5 * dim, dim, 0.0f);  // one has no direction
    return make_index(metric, data, graph_options(Profile::compact, Keep::none, threads));
}

}  // namespace

TEST(split_search_of_all_is_exact_for_what_is_kept) {
    for (const Metric metric : split_metrics) {
        for (const std::uint32_t dim : {64u, 190u, 384u}) {
            const Index index = split_index(metric, dim);
            const Data data = kept(index);
            const Data queries = data_of(Values::floats, 5, dim, 2);
            for (std::uint32_t q = 0; q < queries.count(); ++q) {
                for (const Neighbor& each : index.search(queries.row(q), {.k = n, .exact = true})) {
                    const double expected = exact_distance(metric, queries.row(q), data.row(each.row));
                    CHECK(std::fabs(each.distance - expected) <= 1e-5 * expected + 2e-6);
                }
            }
            for (std::uint32_t row = 0; row < 50; ++row) {
                const double expected = exact_distance(metric, data.row(row), data.row(row + 1));
                CHECK(std::fabs(index.distance(row, row + 1) - expected) <= 1e-5 * expected + 2e-6);
                if (row != 5) CHECK(index.distance(row, row) <= 2e-3f);
            }
        }
    }
}

TEST(split_search_in_exact_batches_is_that_of_single_queries) {
    for (const Metric metric : split_metrics) {
        const Index index = split_index(metric, 190);
        const Data queries = data_of(Values::floats, 64, 190, 3);
        for (const SearchOptions& options :
             {SearchOptions{.k = 10, .exact = true}, SearchOptions{.k = 10, .effort = 40}}) {
            std::vector<Neighbor> all(queries.count() * options.k);
            index.search_batch(queries.values, options, all);
            for (std::uint32_t q = 0; q < queries.count(); ++q) {
                const auto one = index.search(queries.row(q), options);
                for (std::uint32_t i = 0; i < options.k; ++i) {
                    const Neighbor& other = all[q * options.k + i];
                    CHECK(one[i].row == other.row && one[i].distance == other.distance);
                }
            }
        }
    }
}

TEST(split_walks_find_what_is_near) {
    for (const Metric metric : split_metrics) {
        const std::uint32_t dim = 128;
        Data data = data_of(Values::floats, n, dim, 1);
        // Neighbours of a query lie about its center, one of 50.
        for (std::uint32_t row = 50; row < n; ++row) {
            for (std::uint32_t d = 0; d < dim; ++d) {
                float& value = data.values[std::size_t{row} * dim + d];
                value = data.values[std::size_t{row % 50} * dim + d] + 0.3f * value;
            }
        }
        // Of codes alone so much effort is a look at every item. Of vectors behind the same walk it is that walk's,
        // which measures few of what is so much alike.
        for (const Keep keep : keeps) {
            const Index index = make_index(metric, data, graph_options(Profile::compact, keep));
            std::size_t found = 0;
            for (std::uint32_t row = 50; row < 250; ++row) {
                const auto near = index.search(data.row(row), {.k = 10, .effort = keep == Keep::none ? 60u : 240u});
                const auto exact = index.search(data.row(row), {.k = 10, .exact = true});
                for (const Neighbor& each : near) {
                    found += std::ranges::count(exact, each.row, &Neighbor::row) > 0 ? 1 : 0;
                }
            }
            CHECK(found > (keep == Keep::none ? 1950u : 1850u));
        }
    }
}

TEST(split_files_are_the_same_on_any_number_of_threads) {
    const Index one = split_index(Metric::angular, 190, 1);
    const Index four = split_index(Metric::angular, 190, 4);
    CHECK(std::ranges::equal(one.bytes(), four.bytes()));
    CHECK(std::ranges::any_of(one.info().sections, [](const Section& each) { return each.name == "lower_nibbles"; }));
}
