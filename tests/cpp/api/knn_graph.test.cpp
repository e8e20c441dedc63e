// Index::knn_graph: every item first in its own row, then the others as an exact search has them, or nearly.
#include "api/graph_sample.hpp"
#include "check.hpp"

using namespace nearfile;
using namespace nearfile::sample;

namespace {

struct Graph {
    std::vector<std::uint32_t> rows;
    std::vector<float> distances;
    std::size_t k;
};

Graph graph_of(const Index& index, const KnnGraphOptions& options) {
    const std::size_t k = std::min(options.k, index.size());
    Graph graph{std::vector<std::uint32_t>(index.size() * k), std::vector<float>(index.size() * k), k};
    index.knn_graph(options, graph.rows, graph.distances);
    return graph;
}

std::vector<Neighbor> others(const Index& index, std::uint32_t row, std::size_t k) {
    std::vector<float> values(index.dim());
    index.vector(row, values);
    auto all = index.search(values, {.k = index.size(), .exact = true});
    std::erase_if(all, [&](const Neighbor& each) { return each.row == row; });
    all.resize(k);
    return all;
}

void check_exact(const Index& index, const Graph& graph, const std::string& what) {
    for (std::uint32_t row = 0; row < index.size(); ++row) {
        CHECK(graph.rows[row * graph.k] == row);
        std::vector<Neighbor> found;
        for (std::size_t i = row * graph.k + 1; i < (row + 1) * graph.k; ++i) {
            found.push_back({graph.rows[i], graph.distances[i]});
        }
        if (!same(found, others(index, row, graph.k - 1))) {
            test::fail(__FILE__, __LINE__, what + ": row " + std::to_string(row));
        }
    }
}

}  // namespace

TEST(knn_graph_exact_equals_brute_force_for_every_metric_and_structure) {
    for (const Metric metric : metrics) {
        const Data data = data_for(metric, 150, 20, 1);
        for (const Keep keep : keeps) {
            const Index index = make_index(metric, data, graph_options(Profile::balanced, keep));
            check_exact(index, graph_of(index, {.k = 9, .exact = true}), name_of(metric, Profile::balanced, keep));
        }
        const Index forest = make_index(metric, data);
        check_exact(forest, graph_of(forest, {.k = 9}), "forest of few items");
        check_exact(forest, graph_of(forest, {.k = 500}), "more than there are");
        check_exact(forest, graph_of(forest, {.k = 1}), "itself alone");
    }
}

TEST(knn_graph_has_the_recall_that_is_asked_for_and_no_other_on_more_threads) {
    for (const Metric metric : metrics) {
        const Data data = data_for(metric, 3000, 12, 1);
        for (const BuildOptions& options : {graph_options(), graph_options(Profile::compact), forest_options()}) {
            const Index index = make_index(metric, data, options);
            const Graph graph = graph_of(index, {.k = 10, .recall = 0.9f, .threads = 1});
            const Graph again = graph_of(index, {.k = 10, .recall = 0.9f, .threads = 3});
            CHECK(graph.rows == again.rows);
            CHECK(graph.distances == again.distances);
            double found = 0;
            double asked = 0;
            for (std::uint32_t row = 0; row < index.size(); row += 13) {
                CHECK(graph.rows[row * 10] == row);
                const float farthest = others(index, row, 9).back().distance;
                for (std::size_t i = row * 10 + 1; i < row * 10 + 10; ++i) {
                    const float distance = graph.distances[i];
                    found += (metric == Metric::dot ? distance >= farthest : distance <= farthest) ? 1 : 0;
                    asked += 1;
                }
            }
            if (found / asked < 0.88) {
                test::fail(__FILE__, __LINE__,
                           "recall " + std::to_string(found / asked) + ", metric " + std::string(metric_name(metric)));
            }
        }
    }
}

TEST(knn_graph_stops_when_it_is_told) {
    const Data data = data_for(Metric::euclidean, 3000, 12, 1);
    const Index index = make_index(Metric::euclidean, data, graph_options());
    for (const bool exact : {false, true}) {
        int calls = 0;
        const Progress progress = [&](std::string_view, std::uint64_t done, std::uint64_t total) {
            CHECK(done <= total);
            return ++calls < 1;
        };
        CHECK(
            caught([&] { graph_of(index, {.k = 5, .exact = exact, .progress = progress}); }).is(ErrorCode::cancelled));
        CHECK(calls == 1);
    }
}

TEST(knn_graph_refuses_what_cannot_be) {
    const Data data = data_for(Metric::euclidean, 50, 3, 1);
    const Index index = make_index(Metric::euclidean, data, graph_options());
    CHECK(caught([&] { graph_of(index, {.k = 0}); }).is(ErrorCode::invalid_argument, "k: expected"));
    CHECK(caught([&] { graph_of(index, {.recall = -1}); }).is(ErrorCode::invalid_argument, "recall"));
    std::vector<std::uint32_t> rows(7);
    std::vector<float> distances(750);
    CHECK(caught([&] { index.knn_graph({.k = 15}, rows, distances); }).is(ErrorCode::invalid_argument, "room for 750"));
}

TEST(knn_graph_of_nothing_is_empty) {
    const Index index = Builder(3, Metric::dot).build({});
    CHECK(graph_of(index, {}).rows.empty());
}
