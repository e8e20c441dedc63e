#include "index/weaving.hpp"

#include <algorithm>
#include <utility>

#include "base/random.hpp"
#include "codes/bits.hpp"
#include "codes/nibble.hpp"
#include "codes/sketch.hpp"
#include "codes/uniform.hpp"
#include "forest/grow.hpp"
#include "graph/reach.hpp"
#include "index/choosing.hpp"
#include "index/edges.hpp"
#include "index/points.hpp"
#include "index/stages.hpp"
#include "index/vertices.hpp"

namespace nearfile::index {
namespace {

// docs/algorithms/graph.md has the measurements behind these.
constexpr std::uint32_t seed_leaf_size = 64;
constexpr std::uint32_t default_trees = 8;
constexpr std::uint32_t most_trees = 16;  // the candidates of more are the same ones
constexpr float alpha = 1.1f;

// A denser graph is faster where it is needed and costs a row that is longer.
constexpr std::uint32_t compact_degree = 32;
constexpr std::uint32_t plain_degree = 48;  // where the walk looks at the codes of all neighbours
constexpr std::uint32_t sparsest = 32;
constexpr std::uint32_t densest = 64;

// What `balanced` may take for an item, in bytes: less than three times its values in single precision, or, where these
// are few, enough for a graph.
constexpr double balanced_share = 2.7;
constexpr double balanced_least = 1382;

std::uint32_t sketched_degree(const Rows& rows, Profile profile) {
    if (profile == Profile::fast) return densest;
    const std::size_t dim = rows.dim();
    const std::size_t seen = codes::plane_dim(dim);
    const double budget = std::max(balanced_share * static_cast<double>(dim * sizeof(float)), balanced_least);
    std::uint32_t degree = sparsest;
    for (std::uint32_t denser = degree; denser <= densest; denser += codes::sketch_group) {
        const std::size_t bytes = codes::SketchLayout(seen, denser).stride + codes::NibbleLayout(seen).stride +
                                  dim * codes::bytes_per_value(rows.kind()) + 2 * sizeof(std::uint32_t);
        if (static_cast<double>(bytes) <= budget) degree = denser;
    }
    return degree;
}

class Weaver {
public:
    Weaver(const kernels::Kernels& kernels, Metric metric, const Rows& rows, const Coded& coded,
           const BuildOptions& options, const StageWatch& watch)
        : kernels_(kernels),
          metric_(metric),
          rows_(rows),
          coded_(coded),
          options_(options),
          watch_(watch),
          threads_(options.threads),
          count_(rows.count()) {}

    Woven run() {
        woven_.n_trees = options_.n_trees == 0 ? default_trees : options_.n_trees;
        woven_.leaf_size = seed_leaf_size;
        const bool has_sketches = codes_are_scaled(metric_, rows_) || metric_ == Metric::euclidean;
        // Without items there is no projection to bring so many dimensions down.
        const bool too_wide = count_ == 0 && rows_.dim() > max_walk_dim;
        const bool sketched = has_sketches && options_.profile != Profile::compact && !too_wide;
        woven_.degree = sketched ? sketched_degree(rows_, options_.profile) : plain_degree;
        if (options_.profile == Profile::compact) woven_.degree = compact_degree;
        if (metric_ == Metric::hamming) {
            weave_bits();
        } else {
            weave_points(sketched);
        }
        return std::move(woven_);
    }

private:
    void weave_bits() {
        const std::size_t words = codes::words_of(rows_.dim());
        woven_.plane_dim = 0;
        if (count_ == 0) return;
        const forest::BitPoints before{coded_.rows.as<std::uint64_t>(), words, rows_.dim(), count_};
        woven_.bits = plant_seeds<forest::BitSplit>(
            [&](const forest::GrowOptions& grow, auto& stop) { return forest::grow(before, grow, stop); });
        const std::size_t stride = words * sizeof(std::uint64_t);
        const base::AlignedBuffer codes = reorder(coded_.rows, stride, woven_.order);
        const forest::BitPoints points{codes.as<const std::uint64_t>(), words, rows_.dim(), count_};
        const CodeDistances distances(kernels_, codes.data(), stride, rows_.dim(), true, count_);
        woven_.vertices = plain_vertices(connect<forest::BitSplit>(
            distances, [&](const forest::GrowOptions& grow, auto& stop) { return forest::grow(points, grow, stop); }));
    }

    void weave_points(bool sketched) {
        ChosenSpace chosen = choose_space(kernels_, metric_, rows_, coded_.center, sketched, options_.seed);
        const Space& space = chosen.space;
        woven_.plane_dim = static_cast<std::uint32_t>(space.dim());
        woven_.walk_dim = sketched ? woven_.plane_dim : 0;
        woven_.space = space.kind();
        const bool bytes = coded_.kind == CodeKind::uniform_exact;
        woven_.want_codes = !sketched || options_.keep == Keep::none || bytes || space.kind() == SpaceKind::projection;
        if (count_ == 0) return;
        PointCodes points = code_points(kernels_, metric_, rows_, space, coded_.center, threads_, watch_);
        woven_.projection = std::move(chosen.projection);
        const GrowOne<forest::Split> grow_one = [&](const forest::GrowOptions& grow, const std::atomic<bool>& stop) {
            return forest::grow(kernels_, points.points(), grow, stop);
        };
        woven_.planes = plant_seeds(grow_one);
        points = reorder(points, woven_.order, threads_, watch_);
        if (metric_ == Metric::manhattan) {
            const codes::UniformLayout layout(rows_.dim(), coded_.kind == CodeKind::uniform_exact);
            const base::AlignedBuffer codes = reorder(coded_.rows, layout.stride, woven_.order);
            const CodeDistances distances(kernels_, codes.data(), layout.stride, rows_.dim(), false, count_);
            woven_.vertices = plain_vertices(connect(distances, grow_one));
            return;
        }
        const graph::Adjacency graph = connect(PointDistances(kernels_, points), grow_one);
        if (sketched) {
            write_sketches(graph, points);
        } else {
            woven_.vertices = plain_vertices(graph);
        }
    }

    // The first tree. Its leaves, one after another, become the order of the items, so that it needs no list of them.
    template <class SplitType>
    forest::Grove<SplitType> plant_seeds(const GrowOne<SplitType>& grow_one) {
        std::vector<forest::Tree<SplitType>> trees(1);
        std::atomic<bool> stop{false};
        run_stage(
            "seeds", 1, threads_,
            [&](std::size_t) {
                trees[0] = grow_one(
                    forest::GrowOptions{seed_leaf_size, base::derive_seed(options_.seed, seed_tree_part)}, stop);
            },
            watch_, stop);
        woven_.order = std::move(trees[0].items);
        trees[0].items.assign(count_, 0);
        woven_.places.resize(count_);
        for (std::uint32_t item = 0; item < count_; ++item) woven_.places[woven_.order[item]] = item;
        auto grove = forest::join(trees);
        grove.items.clear();
        return grove;
    }

    template <class SplitType>
    graph::Adjacency connect(const graph::Distances& distances, const GrowOne<SplitType>& grow_one) {
        const EdgePlan plan{woven_.degree, std::min(woven_.n_trees, most_trees), options_.seed, threads_, alpha};
        graph::Adjacency graph = near_edges(distances, grow_one, plan, watch_);
        graph = without_empty_places(std::move(graph), distances, threads_, watch_);
        graph::connect_all(graph);
        woven_.degree = graph.degree();
        return graph;
    }

    void write_sketches(const graph::Adjacency& graph, const PointCodes& points) {
        const auto kind =
            metric_ == Metric::dot ? codes::SketchKind::inner_product : codes::SketchKind::squared_distance;
        SketchedVertices sketched = sketched_vertices(kernels_, graph, points, kind, threads_, watch_);
        woven_.vertices = std::move(sketched.rows);
        woven_.sketch_scale = sketched.scale;
        woven_.nibbles = nibble_rows(points, threads_, watch_);
    }

    const kernels::Kernels& kernels_;
    const Metric metric_;
    const Rows& rows_;
    const Coded& coded_;
    const BuildOptions& options_;
    const StageWatch& watch_;
    const unsigned threads_;
    const std::uint32_t count_;
    Woven woven_;
};

}  // namespace

Woven weave(const kernels::Kernels& kernels, Metric metric, const Rows& rows, const Coded& coded,
            const BuildOptions& options, const StageWatch& watch) {
    return Weaver(kernels, metric, rows, coded, options, watch).run();
}

}  // namespace nearfile::index
