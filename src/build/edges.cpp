#include "build/edges.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "build/refining.hpp"
#include "build/stages.hpp"
#include "codes/sketch.hpp"
#include "graph/candidate_lists.hpp"
#include "graph/connect.hpp"
#include "graph/leaves.hpp"
#include "graph/prune.hpp"

namespace nearfile::build {
namespace {

// docs/algorithms/graph.md has the measurements behind these.
constexpr std::uint32_t candidate_leaf_size = 300;
constexpr std::uint32_t candidates_kept = 48;
constexpr std::uint32_t candidates_of_leaf = 16;
constexpr std::uint32_t again = 3;  // neighbours that were refined before take so much less
constexpr std::uint32_t leaves_a_task = 16;

// A graph has room for this many times its mean number of neighbours. Those of queries are not pruned again: the other
// neighbours occlude them.
constexpr double places_of_mean = 1.15;
constexpr double places_of_mean_with_queries = 1.5;

template <class SplitType>
std::vector<forest::Tree<SplitType>> grow_trees(const GrowOne<SplitType>& grow_one, const EdgePlan& plan,
                                                const StageWatch& watch) {
    std::vector<forest::Tree<SplitType>> trees(plan.n_trees);
    std::atomic<bool> stop{false};
    run_stage(
        "trees", plan.n_trees, plan.threads,
        [&](std::size_t tree) {
            trees[tree] = grow_one({candidate_leaf_size, base::derive_seed(plan.seed, tree)}, stop);
        },
        watch, stop);
    return trees;
}

template <class SplitType>
void collect(const graph::Distances& distances, const GrowOne<SplitType>& grow_one, const EdgePlan& plan,
             const StageWatch& watch, const GivenTo& given, graph::CandidateLists& lists) {
    if (given.n_wanted == 0) return;
    auto trees = grow_trees(grow_one, plan, watch);
    std::atomic<bool> stop{false};
    const auto tasks_of = [](const forest::Tree<SplitType>& tree) {
        return (tree.starts.size() + leaves_a_task - 1) / leaves_a_task;
    };
    std::uint64_t done = 0;
    std::uint64_t all = 0;
    for (const auto& tree : trees) all += tasks_of(tree);
    const StageWatch counted = [&](std::string_view stage, std::uint64_t part, std::uint64_t) {
        return !watch || watch(stage, done + part, all);
    };
    for (auto& tree : trees) {
        const std::size_t n_leaves = tree.starts.size();
        const std::size_t n_tasks = tasks_of(tree);
        run_stage(
            "leaves", n_tasks, plan.threads,
            [&](std::size_t task) {
                graph::LeafProducts products(distances, candidates_of_leaf);
                for (std::size_t l = task * leaves_a_task; l < std::min(n_leaves, (task + 1) * leaves_a_task); ++l) {
                    const std::size_t end = l + 1 < n_leaves ? tree.starts[l + 1] : tree.items.size();
                    products.offer(std::span(tree.items).subspan(tree.starts[l], end - tree.starts[l]), given.wanted,
                                   lists);
                }
            },
            counted, stop);
        tree = {};
        done += n_tasks;
    }
}

}  // namespace

void join(const graph::Distances& distances, const graph::Adjacency& from, const graph::Reversed& reversed,
          const ItemRange& some, const EdgePlan& plan, const StageWatch& watch, graph::Adjacency& to,
          const DoneWith& done) {
    run_blocks(
        "joining", some.end - some.begin, plan.threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            graph::ReverseJoiner joiner(distances, from, reversed, plan.alphas);
            for (std::uint32_t item = some.begin + begin; item < some.begin + end; ++item) joiner.join(item, to);
            if (done) done(some.begin + begin, some.begin + end);
        },
        watch, items_a_task);
}

namespace {

// Of `from` an item is read once, when it is its turn: what has been joined is given back as the other graph grows.
graph::Adjacency with_reverse(const graph::Distances& distances, graph::Adjacency from, const EdgePlan& plan,
                              const StageWatch& watch) {
    const graph::Reversed reversed(from, plan.threads);
    graph::Adjacency joined(from.count(), from.degree());
    join(distances, from, reversed, {0, from.count()}, plan, watch, joined,
         [&](std::uint32_t begin, std::uint32_t end) { from.release(begin, end); });
    return joined;
}

}  // namespace

void refine(const graph::Distances& distances, const graph::Adjacency& from, const Refining& refining,
            const ItemRange& some, const GivenTo& given, const EdgePlan& plan, const StageWatch& watch,
            graph::Adjacency& to) {
    run_blocks_with(
        "refining", some.end - some.begin, plan.threads,
        [&] { return std::make_unique<graph::Refiner>(distances, from, plan.alphas, refining.width, refining.steps); },
        [&](graph::Refiner& refiner, std::uint32_t begin, std::uint32_t end) {
            for (std::uint32_t item = some.begin + begin; item < some.begin + end; ++item) {
                refiner.refine(item, given.has_neighbors(item) ? refining.steps / again : refining.steps, to);
            }
        },
        watch, items_a_task);
}

template <class SplitType>
FirstEdges first_edges(const graph::Distances& distances, std::uint32_t own, const GrowOne<SplitType>& grow_one,
                       const EdgePlan& plan, const StageWatch& watch, const Give& give) {
    FirstEdges first{graph::Adjacency(own, plan.degree), {}};
    graph::CandidateLists lists(distances.count(), candidates_kept);
    first.given = take_given(distances, give, plan.threads, watch, lists, first.graph);
    collect(distances, grow_one, plan, watch, first.given, lists);
    run_blocks(
        "pruning", own, plan.threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            graph::Pruner pruner(distances, plan.alphas);
            for (std::uint32_t item = begin; item < end; ++item) {
                if (first.given.has_neighbors(item)) continue;
                first.graph.set(item, pruner.keep(lists.best(item), plan.degree));
            }
            lists.release(begin, end);
        },
        watch, items_a_task);
    return first;
}

template <class SplitType>
graph::Adjacency near_edges(const graph::Distances& distances, const GrowOne<SplitType>& grow_one, const EdgePlan& plan,
                            const StageWatch& watch, const Give& give) {
    const std::uint32_t count = distances.count();
    auto [graph, given] = first_edges(distances, count, grow_one, plan, watch, give);
    if (!given.is_graph()) graph = with_reverse(distances, std::move(graph), plan, watch);
    const Refining refining = select_refining(distances, graph, plan.seen, plan.profile, plan.threads, watch);
    graph::Adjacency refined(count, plan.degree);
    refine(distances, graph, refining, {0, count}, given, plan, watch, refined);
    graph = {};
    return with_reverse(distances, std::move(refined), plan, watch);
}

template FirstEdges first_edges(const graph::Distances&, std::uint32_t, const GrowOne<forest::Split>&, const EdgePlan&,
                                const StageWatch&, const Give&);
template FirstEdges first_edges(const graph::Distances&, std::uint32_t, const GrowOne<forest::BitSplit>&,
                                const EdgePlan&, const StageWatch&, const Give&);
template graph::Adjacency near_edges(const graph::Distances&, const GrowOne<forest::Split>&, const EdgePlan&,
                                     const StageWatch&, const Give&);
template graph::Adjacency near_edges(const graph::Distances&, const GrowOne<forest::BitSplit>&, const EdgePlan&,
                                     const StageWatch&, const Give&);

namespace {

std::uint32_t degree_for(const graph::Adjacency& graph, double of_mean) {
    std::uint64_t edges = 0;
    for (std::uint32_t item = 0; item < graph.count(); ++item) edges += graph.neighbors(item).size();
    const double wanted = of_mean * static_cast<double>(edges) / graph.count();
    const auto groups = static_cast<std::uint32_t>(std::ceil(wanted / codes::sketch_group));
    return std::max(1u, groups) * static_cast<std::uint32_t>(codes::sketch_group);
}

}  // namespace

graph::Adjacency pruned_to(std::uint32_t degree, const graph::Adjacency& graph, const graph::Distances& distances,
                           const EdgePlan& plan, const StageWatch& watch, const DoneWith& done) {
    graph::Adjacency pruned(graph.count(), degree);
    run_blocks(
        "joining", graph.count(), plan.threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            graph::Chooser chooser(distances, plan.alphas);
            for (std::uint32_t item = begin; item < end; ++item) chooser.choose(item, graph.neighbors(item), pruned);
            if (done) done(begin, end);
        },
        watch, items_a_task);
    return pruned;
}

graph::Adjacency without_empty_places(graph::Adjacency graph, bool of_queries, const graph::Distances& distances,
                                      const EdgePlan& plan, const StageWatch& watch) {
    const std::uint32_t degree = degree_for(graph, of_queries ? places_of_mean_with_queries : places_of_mean);
    if (degree >= graph.degree()) return graph;
    const DoneWith give_back = [&](std::uint32_t begin, std::uint32_t end) { graph.release(begin, end); };
    if (!of_queries) return pruned_to(degree, graph, distances, plan, watch, give_back);
    graph::Adjacency nearest(graph.count(), degree);
    run_blocks(
        "joining", graph.count(), plan.threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            for (std::uint32_t item = begin; item < end; ++item) {
                nearest.set(item, graph::nearest(distances, item, graph.neighbors(item), degree));
            }
            give_back(begin, end);
        },
        watch, items_a_task);
    return nearest;
}

}  // namespace nearfile::build
