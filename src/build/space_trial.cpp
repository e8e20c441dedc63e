#include "build/space_trial.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <vector>

#include "base/random.hpp"
#include "build/budget.hpp"
#include "build/vertices.hpp"
#include "codes/vectors.hpp"
#include "forest/grow.hpp"
#include "opened/seed_parts.hpp"
#include "search/graph_walk.hpp"

namespace nearfile::build {
namespace {

constexpr std::uint32_t n_trees = 4;

// Nanoseconds, as measured for docs/algorithms/graph.md. Only how they compare matters, and that is much the same on
// every machine.
constexpr double a_byte = 0.16;  // that no cache has: 10 a line
constexpr double a_vertex = 200;
constexpr double a_code = 45;
constexpr double a_vector = 30;
constexpr double a_dimension_seen = 3;  // coding and tables of sketches
constexpr double a_dimension_rotated = 2;
constexpr double a_byte_projected = 0.015;  // of a matrix that stays in cache

// What is compared is the mean over these recalls. One that is not reached costs as much more than the most effort
// as its misses are fewer than that one's.
constexpr double recalls[] = {0.95, 0.98, 0.99};
constexpr double most_times = 3;  // what is compared with: a space that costs more at one of them is none to take
constexpr std::size_t least_effort = 10;
constexpr std::size_t most_effort = 200;

// Counts what a walk does.
template <class DistanceComputer>
class Counted {
public:
    explicit Counted(DistanceComputer& computer) : computer_(computer) {}

    void prefetch_vertex(graph::ItemId vertex, std::size_t n_nearer) const noexcept {
        computer_.prefetch_vertex(vertex, n_nearer);
    }
    void prefetch(graph::ItemId item) const noexcept { computer_.prefetch(item); }
    std::size_t select_neighbors(graph::Step vertex, float threshold, graph::ItemId* ids) {
        ++vertices_;
        return computer_.select_neighbors(vertex, threshold, ids);
    }
    void distances(std::span<const graph::ItemId> ids, float* out) {
        codes_ += ids.size();
        computer_.distances(ids, out);
    }
    std::uint64_t vertices() const noexcept { return vertices_; }
    std::uint64_t codes() const noexcept { return codes_; }

private:
    DistanceComputer& computer_;
    std::uint64_t vertices_ = 0;
    std::uint64_t codes_ = 0;
};

struct Counts {
    std::uint64_t vertices = 0;
    std::uint64_t codes = 0;
    std::uint64_t vectors = 0;
    std::uint64_t found = 0;
};

Counts search_one(const Index::State& state, const TrialSample::Query& query, std::size_t effort,
                  search::Scratch& scratch) {
    scratch.scorer.set_query(query.values);
    scratch.scorer.set_space();
    search::SketchDistanceComputer computer(state, *scratch.tables, effort);
    computer.set_query(scratch.scorer);
    Counted counted(computer);
    graph::walk(counted, query.entry_points, {}, effort, effort + search::spare(state, trial_k), state.graph->degree,
                scratch.walk);
    const graph::Frontier& visited = scratch.walk.frontier;
    const std::size_t n = std::min(visited.size(), search::reranked(state, effort, trial_k));
    Counts counts{counted.vertices(), counted.codes(), n, 0};
    for (std::size_t i = 0; i < n; ++i) {
        counts.found += std::ranges::count(query.nearest, visited[i].item) > 0 ? 1 : 0;
    }
    return counts;
}

double fixed_cost(const opened::Space& space, std::size_t dim) {
    const double turned = space.kind() == opened::SpaceKind::projection
                              ? a_byte_projected * static_cast<double>(space.dim() * dim)
                              : a_dimension_rotated * static_cast<double>(dim);
    return turned + a_dimension_seen * static_cast<double>(space.dim());
}

}  // namespace

SpaceTrial::SpaceTrial(const kernels::Kernels& kernels, Metric metric, const Rows& rows, std::span<const float> center,
                       const opened::Space& of_edges, std::uint64_t seed, unsigned threads, const StageWatch& watch)
    : kernels_(kernels),
      metric_(metric),
      center_(center),
      seed_(seed),
      threads_(threads),
      watch_(watch),
      bytes_of_vector_(rows.dim() * codes::bytes_per_value(rows.kind())),
      sample_(sample_balls(kernels, metric, rows, threads, watch)) {
    if (!has_sample()) return;
    vectors_ = quantize(kernels, metric, sample_.items, of_edges, center, threads, watch);
    const GrowOne<forest::Split> grow_one = [&](const forest::GrowOptions& grow, const std::atomic<bool>& stop) {
        return forest::grow(kernels, vectors_.points(), grow, stop);
    };
    graph_ = near_edges(QuantizedDistances(kernels, vectors_), grow_one, plan(), watch);
}

EdgePlan SpaceTrial::plan() const {
    return {densest, n_trees, seed_, threads_, usual_alphas};
}

graph::Adjacency SpaceTrial::of_degree(std::uint32_t degree) const {
    const QuantizedDistances distances(kernels_, vectors_);
    graph::Adjacency sparser = graph_.degree() > degree ? pruned_to(degree, graph_, distances, plan(), watch_) : graph_;
    return without_empty_places(std::move(sparser), false, distances, plan(), watch_);
}

SpaceTrial::Point SpaceTrial::search(const Index::State& state, std::size_t effort, double fixed) const {
    constexpr std::size_t queries_a_task = 16;
    std::vector<Counts> parts(sample_.queries.size());
    std::atomic<bool> stop{false};
    run_stage(
        "space", (parts.size() + queries_a_task - 1) / queries_a_task, threads_,
        [&](std::size_t task) {
            search::BorrowedScratch scratch(state);
            const std::size_t end = std::min(parts.size(), (task + 1) * queries_a_task);
            for (std::size_t q = task * queries_a_task; q < end; ++q) {
                parts[q] = search_one(state, sample_.queries[q], effort, *scratch);
            }
        },
        watch_, stop);
    Counts all;
    std::uint64_t wanted = 0;
    for (std::size_t q = 0; q < parts.size(); ++q) {
        all.vertices += parts[q].vertices;
        all.codes += parts[q].codes;
        all.vectors += parts[q].vectors;
        all.found += parts[q].found;
        wanted += sample_.queries[q].nearest.size();
    }
    const opened::GraphView& graph = *state.graph;
    const double work =
        static_cast<double>(all.vertices) * (a_vertex + a_byte * static_cast<double>(graph.stride)) +
        static_cast<double>(all.codes) * (a_code + a_byte * static_cast<double>(graph.nibble_layout.stride)) +
        static_cast<double>(all.vectors) * (a_vector + a_byte * static_cast<double>(bytes_of_vector_));
    return {static_cast<double>(all.found) / static_cast<double>(wanted),
            fixed + work / static_cast<double>(parts.size())};
}

double SpaceTrial::cost(const opened::Space& space, std::uint32_t degree, double hopeless) const {
    const QuantizedVectors seen = quantize(kernels_, metric_, sample_.items, space, center_, threads_, watch_);
    const graph::Adjacency graph = of_degree(degree);
    const std::size_t sketched = sketched_dimensions(space.dim(), metric_);
    const base::AlignedBuffer vertices = to_memory(
        sketched_vertices(kernels_, graph, seen, sketched, codes::SketchKind::squared_distance), threads_, watch_);
    std::vector<codes::NibbleTail> tails(seen.count());
    const base::AlignedBuffer nibbles = to_memory(nibble_rows(seen, tails), threads_, watch_);
    Index::State state;
    state.kernels = &kernels_;
    state.description = {};
    state.description.metric = metric_;
    state.description.dim = sample_.items.dim();
    state.description.count = sample_.items.count();
    state.description.code_kind = opened::CodeKind::none;
    state.center = center_;
    state.space = space;
    opened::GraphView& view = state.graph.emplace();
    view.degree = graph.degree();
    view.id_bytes = opened::id_bytes(graph.count());
    view.sketches.emplace(sketched, graph.degree(), view.id_bytes, codes::SketchKind::squared_distance);
    view.stride = view.sketches->stride;
    view.vertices = vertices.bytes();
    view.nibble_layout = codes::NibbleLayout(space.dim());
    view.nibbles = nibbles.bytes();
    view.nibble_tails = tails;

    const double fixed = fixed_cost(space, sample_.items.dim());
    std::vector<Point> curve;
    for (std::size_t effort = least_effort; effort <= most_effort; effort += std::max<std::size_t>(2, effort / 4)) {
        curve.push_back(search(state, effort, fixed));
        if (curve.back().recall >= recalls[2] || curve.back().cost > most_times * hopeless) break;
    }
    double sum = 0;
    for (const double recall : recalls) {
        std::size_t at = 0;
        while (at < curve.size() && curve[at].recall < recall) ++at;
        double cost = curve[0].cost;
        if (at == curve.size()) {
            cost = curve.back().cost * (1.0 - curve.back().recall) / (1.0 - recall);
        } else if (at > 0) {
            const Point& below = curve[at - 1];
            cost = below.cost +
                   (curve[at].cost - below.cost) * (recall - below.recall) / (curve[at].recall - below.recall);
        }
        sum += cost;
    }
    return sum / std::size(recalls);
}

}  // namespace nearfile::build
