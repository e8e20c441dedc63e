// Which neighbours of a vertex a walk looks at: all that may be near enough, or of many those that seem nearest.
#include "search/distance_computer.hpp"

#include <algorithm>
#include <limits>

#include "api/state_sample.hpp"
#include "check.hpp"
#include "search/scratch.hpp"

using namespace nearfile;
using namespace nearfile::sample;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr std::size_t enough_for_all = 3 * opened::max_degree;  // an effort
constexpr std::size_t fewest = 12;                              // of an effort of one

std::shared_ptr<const Index::State> state_of(Metric metric) {
    return open(make_index(metric, data_of(Values::floats, 3000, 24, 1), graph_options()));
}

// What one query sees of one vertex.
struct View {
    View(const Index::State& state_, search::Scratch& scratch_, std::span<const float> query, std::uint32_t item)
        : state(state_), scratch(scratch_) {
        scratch.scorer.set_query(query);
        scratch.scorer.set_space();
        search::NibbleDistances distances(state);
        distances.set_query(scratch.scorer);
        vertex.item = item;
        distances.distances({&item, 1}, &vertex.distance);
    }

    std::vector<std::uint32_t> selected(std::size_t effort, float threshold) {
        search::SketchDistanceComputer computer(state, *scratch.tables, effort);
        computer.set_query(scratch.scorer);
        std::vector<std::uint32_t> ids(state.graph->degree);
        ids.resize(computer.select_neighbors(vertex, threshold, ids.data()));
        std::ranges::sort(ids);
        return ids;
    }

    float mean_distance(const std::vector<std::uint32_t>& ids) {
        search::NibbleDistances computer(state);
        computer.set_query(scratch.scorer);
        std::vector<float> to(ids.size());
        computer.distances(ids, to.data());
        double sum = 0;
        for (const float each : to) sum += each;
        return static_cast<float>(sum / static_cast<double>(ids.size()));
    }

    const Index::State& state;
    search::Scratch& scratch;
    graph::Step vertex{};
};

}  // namespace

TEST(of_many_neighbors_those_that_seem_nearest_are_selected) {
    for (const Metric metric : {Metric::euclidean, Metric::angular, Metric::dot}) {
        const auto state = state_of(metric);
        CHECK(state->graph->sketches && state->graph->degree >= 48);
        search::BorrowedScratch scratch(*state);
        const Data queries = data_of(Values::floats, 40, 24, 2);
        std::size_t n_all = 0;
        std::size_t n_some = 0;
        double nearer = 0;
        for (std::uint32_t q = 0; q < queries.count(); ++q) {
            View view(*state, *scratch, queries.row(q), 70 * q);
            const auto all = view.selected(enough_for_all, infinity);
            const auto some = view.selected(1, infinity);
            CHECK(std::ranges::includes(all, some));
            CHECK(some.size() >= std::min(fewest, all.size()));
            CHECK(view.selected(1, view.vertex.distance).size() <= all.size());
            n_all += all.size();
            n_some += some.size();
            nearer += view.mean_distance(all) - view.mean_distance(some);
        }
        CHECK(n_some * 2 < n_all);
        CHECK(nearer > 0);
    }
}

TEST(a_query_that_is_a_vertex_selects_neighbors_of_it) {
    for (const Metric metric : {Metric::euclidean, Metric::angular}) {
        const auto state = state_of(metric);
        search::BorrowedScratch scratch(*state);
        std::vector<float> query(24);
        for (std::uint32_t item = 0; item < 3000; item += 100) {
            state->vector(item, query);
            View view(*state, *scratch, query, item);
            for (const float distance : {view.vertex.distance, 0.0f, -1e-6f}) {
                view.vertex.distance = distance;
                const std::size_t n_all = view.selected(enough_for_all, infinity).size();
                CHECK(view.selected(1, infinity).size() >= std::min(fewest, n_all));
            }
        }
    }
}

TEST(no_more_neighbors_are_left_out_than_a_threshold_leaves_out_where_few_are_below_it) {
    const auto state = state_of(Metric::euclidean);
    search::BorrowedScratch scratch(*state);
    const Data queries = data_of(Values::floats, 20, 24, 3);
    std::size_t compared = 0;
    for (std::uint32_t q = 0; q < queries.count(); ++q) {
        View view(*state, *scratch, queries.row(q), 140 * q);
        for (const float part : {0.5f, 0.7f, 0.8f, 0.9f, 1.0f}) {
            const float threshold = part * view.vertex.distance;
            const auto below = view.selected(enough_for_all, threshold);
            if (below.empty() || below.size() > 32) continue;
            CHECK(view.selected(1, threshold) == below);
            ++compared;
        }
    }
    CHECK(compared > 0);
}
