// Builds that are given candidates, and builds like an earlier index.
#include <algorithm>
#include <numeric>
#include <string>

#include "api/graph_sample.hpp"
#include "check.hpp"

using namespace nearfile;
using namespace nearfile::sample;

namespace {

// The true nearest of each row, itself first.
std::vector<std::int64_t> nearest_rows(const Index& index, const Data& data, std::uint32_t n) {
    std::vector<std::int64_t> rows;
    for (std::uint32_t row = 0; row < data.count(); ++row) {
        for (const Neighbor each : index.search(data.row(row), {.k = n, .exact = true})) rows.push_back(each.row);
    }
    return rows;
}

double recall(const Index& index, const Data& queries, std::uint32_t effort) {
    std::size_t found = 0;
    for (std::uint32_t q = 0; q < queries.count(); ++q) {
        const auto exact = index.search(queries.row(q), {.exact = true});
        for (const Neighbor each : index.search(queries.row(q), {.effort = effort})) {
            found += std::ranges::count_if(exact, [&](const Neighbor& other) { return other.row == each.row; });
        }
    }
    return static_cast<double>(found) / (10.0 * queries.count());
}

std::vector<std::string> stages_of(Metric metric, const Data& data, BuildOptions options) {
    std::vector<std::string> stages;
    options.progress = [&](std::string_view stage, std::uint64_t, std::uint64_t) {
        stages.emplace_back(stage);
        return true;
    };
    make_index(metric, data, options);
    return stages;
}

// Rows `begin` to `end`, whose ids are their numbers in `data`, the last first.
Index backwards(Metric metric, const Data& data, std::uint32_t begin, std::uint32_t end, const BuildOptions& options) {
    Builder builder(data.dim, metric);
    for (std::uint32_t row = end; row-- > begin;) {
        const std::int64_t id = row;
        builder.add(data.row(row), std::span(&id, 1));
    }
    return builder.build(options);
}

std::string refusal(Metric metric, const Data& data, const BuildOptions& options) {
    return caught([&] { make_index(metric, data, options); }).message;
}

}  // namespace

TEST(graph_of_given_candidates_is_as_good_as_one_of_trees_and_grows_none) {
    for (const Metric metric : metrics) {
        const Data data = data_for(metric, 2000, 12, 1);
        const Data queries = data_for(metric, 60, 12, 2);
        const Index fresh = make_index(metric, data, graph_options());
        const auto rows = nearest_rows(fresh, data, 33);
        BuildOptions options = graph_options();
        options.candidates = rows;
        const Index index = make_index(metric, data, options);
        index.verify();
        CHECK(recall(index, queries, 30) > recall(fresh, queries, 30) - 0.03);
        const auto has = [&](const std::vector<std::string>& stages) {
            return std::ranges::count(stages, "leaves") > 0;
        };
        // Of inner products a row need not be among its own nearest; all have at least 16 all the same.
        CHECK(!has(stages_of(metric, data, options)));
        CHECK(has(stages_of(metric, data, graph_options())));
    }
}

TEST(candidates_and_like_give_the_same_bytes_on_any_number_of_threads) {
    for (const Metric metric : {Metric::angular, Metric::dot, Metric::hamming}) {
        const Data data = data_for(metric, 3000, 20, 1);
        const Index old = backwards(metric, data, 0, 2800, graph_options());
        std::vector<std::int64_t> rows = nearest_rows(make_index(metric, data, graph_options()), data, 20);
        for (std::size_t i = 0; i < rows.size(); i += 7) rows[i] = -1;
        for (const bool matrix : {false, true}) {
            const auto build = [&](std::uint32_t threads) {
                BuildOptions options = graph_options(Profile::balanced, Keep::exact, threads);
                options.like = &old;
                if (matrix) options.candidates = rows;
                return backwards(metric, data, 0, 3000, options);
            };
            const Index one = build(1);
            for (const std::uint32_t threads : {2u, 5u}) CHECK(same_bytes(one.bytes(), build(threads).bytes()));
        }
    }
}

TEST(holes_itself_and_repetitions_among_candidates_change_nothing) {
    const Data data = data_for(Metric::euclidean, 1000, 12, 1);
    const auto rows = nearest_rows(make_index(Metric::euclidean, data, graph_options()), data, 24);
    std::vector<std::int64_t> more;
    for (std::uint32_t row = 0; row < 1000; ++row) {
        const auto own = std::span(rows).subspan(row * 24, 24);
        more.insert(more.end(), {-1, row, own[5], -1});
        more.insert(more.end(), own.rbegin(), own.rend());
    }
    BuildOptions options = graph_options();
    options.candidates = rows;
    const Index plain = make_index(Metric::euclidean, data, options);
    options.candidates = more;
    CHECK(same_bytes(plain.bytes(), make_index(Metric::euclidean, data, options).bytes()));
}

TEST(items_without_candidates_are_looked_for_in_trees) {
    for (const std::uint32_t every : {1u, 2u, 20u}) {
        const Data data = data_for(Metric::euclidean, 2000, 12, 1);
        const Data queries = data_for(Metric::euclidean, 60, 12, 2);
        const Index fresh = make_index(Metric::euclidean, data, graph_options());
        auto rows = nearest_rows(fresh, data, 33);
        for (std::uint32_t row = 0; row < 2000; row += every) {
            std::fill_n(rows.begin() + row * 33, 33, std::int64_t{-1});
        }
        BuildOptions options = graph_options();
        options.candidates = rows;
        const Index index = make_index(Metric::euclidean, data, options);
        CHECK(recall(index, queries, 30) > recall(fresh, queries, 30) - 0.02);
        if (every == 1) CHECK(same_bytes(index.bytes(), fresh.bytes()));
    }
}

TEST(graph_like_an_earlier_one_is_as_good_as_one_built_anew) {
    for (const Metric metric : metrics) {
        for (const Keep keep : keeps) {
            const Data data = data_for(metric, 3000, 12, 1);
            const Data queries = data_for(metric, 60, 12, 2);
            const Index old = backwards(metric, data, 0, 2850, graph_options(Profile::compact, keep));
            const Index fresh = backwards(metric, data, 150, 3000, graph_options());
            BuildOptions options = graph_options();
            options.like = &old;
            const Index index = backwards(metric, data, 150, 3000, options);
            index.verify();
            const double found = recall(index, queries, 30);
            if (found < recall(fresh, queries, 30) - 0.03) {
                test::fail(__FILE__, __LINE__, name_of(metric, Profile::compact, keep) + ": " + std::to_string(found));
            }
        }
    }
}

TEST(vectors_that_changed_under_their_ids_are_built_as_if_they_were_new) {
    for (const Metric metric : {Metric::angular, Metric::euclidean, Metric::hamming}) {
        const Data data = data_for(metric, 1500, 20, 1);
        const Data other = data_for(metric, 1500, 20, 2);
        const Index old = make_index(metric, other, graph_options());
        BuildOptions options = graph_options();
        options.like = &old;
        CHECK(same_bytes(make_index(metric, data, options).bytes(), make_index(metric, data, graph_options()).bytes()));
    }
}

TEST(candidates_and_like_that_cannot_be_used_are_refused) {
    const Data data = data_for(Metric::euclidean, 100, 8, 1);
    const auto has = [](const std::string& text, std::string_view part) { return text.find(part) != text.npos; };
    std::vector<std::int64_t> rows(500, 3);
    BuildOptions options = graph_options();
    options.candidates = std::span(rows).first(499);
    CHECK(has(refusal(Metric::euclidean, data, options), "expected equally many for each of 100 vectors, got 499"));
    options.candidates = rows;
    for (const std::int64_t bad : {std::int64_t{100}, std::int64_t{-2}, std::int64_t{1} << 40}) {
        rows[45] = bad;
        CHECK(has(refusal(Metric::euclidean, data, options), "got " + std::to_string(bad) + " for vector 9"));
    }
    rows[45] = -1;
    CHECK(refusal(Metric::euclidean, data, options).empty());
    options.structure = Structure::forest;
    CHECK(has(refusal(Metric::euclidean, data, options), "candidates: expected structure graph"));

    const Index graph = make_index(Metric::euclidean, data, graph_options());
    BuildOptions trees;
    trees.structure = Structure::forest;
    const Index forest = make_index(Metric::euclidean, data, trees);
    options = graph_options();
    options.like = &graph;
    CHECK(has(refusal(Metric::cosine, data, options), "like: expected an index of metric cosine, got euclidean"));
    const Data wide = data_for(Metric::euclidean, 100, 9, 1);
    CHECK(has(refusal(Metric::euclidean, wide, options), "like: expected an index of dimension 9, got 8"));
    options.structure = Structure::forest;
    CHECK(has(refusal(Metric::euclidean, data, options), "like: expected structure graph"));
    options = graph_options();
    options.like = &forest;
    CHECK(has(refusal(Metric::euclidean, data, options), "like: expected an index that is a graph, got a forest"));
    options.like = &graph;
    Builder strings(8, Metric::euclidean);
    const std::string_view id = "a";
    strings.add(data.row(0), std::span(&id, 1));
    CHECK(has(caught([&] { strings.build(options); }).message,
              "like: expected an index whose ids are strings, got numbers"));
}

TEST(few_items_are_built_with_candidates_and_like) {
    for (const Metric metric : metrics) {
        for (const std::uint32_t n : {0u, 1u, 2u, 70u}) {
            const Data data = data_for(metric, n, 5, 1);
            const Index old = make_index(metric, data_for(metric, 3, 5, 1), graph_options());
            std::vector<std::int64_t> rows(n * 2);
            for (std::uint32_t row = 0; row < n; ++row) rows[row * 2] = (row + 1) % n;
            BuildOptions options = graph_options();
            options.candidates = rows;
            options.like = &old;
            const Index index = make_index(metric, data, options);
            index.verify();
            CHECK(index.size() == n);
        }
    }
}
