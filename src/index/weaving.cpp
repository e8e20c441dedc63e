#include "index/weaving.hpp"

#include <algorithm>
#include <functional>
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
#include "index/query_edges.hpp"
#include "index/query_points.hpp"
#include "index/stages.hpp"
#include "index/vertices.hpp"

namespace nearfile::index {
namespace {

// docs/algorithms/graph.md has the measurements behind these.
constexpr std::uint32_t seed_leaf_size = 64;
constexpr std::uint32_t default_trees = 8;
constexpr std::uint32_t most_trees = 16;  // the candidates of more are the same ones
constexpr float alpha = 1.1f;
constexpr float alpha_of_directions = 1.05f;  // docs/algorithms/inner-products.md

// A denser graph is faster where it is needed and costs a row that is longer.
constexpr std::uint32_t compact_degree = 32;
constexpr std::uint32_t plain_degree = 48;  // where the walk looks at the codes of all neighbours
constexpr std::uint32_t sparsest = 32;
constexpr std::uint32_t densest = 64;

// What `balanced` may take for an item, in bytes: less than three times its values in single precision, or, where these
// are few, enough for a graph.
constexpr double balanced_share = 2.7;
constexpr double balanced_least = 1382;

std::uint32_t sketched_degree(Metric metric, const Rows& rows, Profile profile) {
    if (profile == Profile::fast) return densest;
    const std::size_t dim = rows.dim();
    const bool whitened = metric == Metric::dot && dim <= max_whitened_dim;
    const std::size_t seen = whitened ? dim : codes::plane_dim(dim);
    const double budget = std::max(balanced_share * static_cast<double>(dim * sizeof(float)), balanced_least);
    std::uint32_t degree = sparsest;
    for (std::uint32_t denser = degree; denser <= densest; denser += codes::sketch_group) {
        const std::size_t bytes = codes::SketchLayout(seen, denser).stride + codes::NibbleLayout(seen).stride +
                                  dim * codes::bytes_per_value(rows.kind()) + 2 * sizeof(std::uint32_t);
        if (static_cast<double>(bytes) <= budget) degree = denser;
    }
    return degree;
}

// Queries are made up of one item in so many, where none but inner products need them.
constexpr std::uint32_t items_a_made_up = 4;
constexpr std::uint32_t most_made_up = 250000;
constexpr std::uint32_t made_up_calibrating = 512;

// Other parts of the seed of a build than trees and spaces have.
constexpr std::uint64_t made_up_part = max_trees + 3;
constexpr std::uint64_t calibrating_part = max_trees + 4;

class Weaver {
public:
    Weaver(const kernels::Kernels& kernels, Metric metric, const Rows& rows, const Coded& coded, const Rows& queries,
           const BuildOptions& options, const StageWatch& watch)
        : kernels_(kernels),
          metric_(metric),
          rows_(rows),
          coded_(coded),
          queries_(queries),
          sample_(queries.count()),
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
        woven_.degree = sketched ? sketched_degree(metric_, rows_, options_.profile) : plain_degree;
        if (options_.profile == Profile::compact) woven_.degree = compact_degree;
        woven_.short_ids = !sketched && count_ < short_id_end;
        if (metric_ == Metric::hamming) {
            weave_bits();
        } else {
            weave_points(sketched);
        }
        if (!sample_.held_out.empty()) calibrate_by_held_out();
        return std::move(woven_);
    }

private:
    // What queries add to a graph of near items; null where there are none.
    using AddQueries = std::function<graph::Adjacency(const graph::Adjacency& near)>;

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
        const GrowOne<forest::BitSplit> grow_one = [&](const forest::GrowOptions& grow, const std::atomic<bool>& stop) {
            return forest::grow(points, grow, stop);
        };
        weave_codes(CodeDistances(kernels_, codes.data(), stride, rows_.dim(), true, count_), grow_one);
    }

    void weave_points(bool sketched) {
        std::vector<float> center = coded_.center;
        // The codes' center of inner products is the origin.
        if (metric_ == Metric::dot) center = mean_of_rows(kernels_, metric_, rows_, threads_, watch_);
        ChosenSpace chosen = choose_space(kernels_, metric_, rows_, center, sketched, options_.seed, threads_, watch_);
        const Space& space = chosen.space;
        woven_.plane_dim = static_cast<std::uint32_t>(space.dim());
        woven_.walk_dim = sketched ? woven_.plane_dim : 0;
        woven_.space = space.kind();
        const bool bytes = coded_.kind == CodeKind::uniform_exact;
        woven_.want_codes = !sketched || options_.keep == Keep::none || bytes || space.kind() == SpaceKind::projection;
        if (count_ == 0) return;
        PointCodes points = code_points(kernels_, metric_, rows_, space, center, threads_, watch_);
        const GrowOne<forest::Split> grow_one = [&](const forest::GrowOptions& grow, const std::atomic<bool>& stop) {
            return forest::grow(kernels_, points.points(), grow, stop);
        };
        woven_.planes = plant_seeds(grow_one);
        points = reorder(points, woven_.order, threads_, watch_);
        if (metric_ == Metric::manhattan) {
            const codes::UniformLayout layout(rows_.dim(), coded_.kind == CodeKind::uniform_exact);
            const base::AlignedBuffer codes = reorder(coded_.rows, layout.stride, woven_.order);
            weave_codes(CodeDistances(kernels_, codes.data(), layout.stride, rows_.dim(), false, count_), grow_one);
        } else {
            const graph::Adjacency graph = weave_near_points(points, chosen, center, grow_one);
            if (sketched) {
                write_sketches(graph, points);
            } else {
                woven_.vertices = plain_vertices(graph, woven_.short_ids);
            }
        }
        woven_.projection = std::move(chosen.projection);
        woven_.whitening = std::move(chosen.whitening.factor);
    }

    graph::Adjacency weave_near_points(const PointCodes& points, const ChosenSpace& chosen,
                                       std::span<const float> center, const GrowOne<forest::Split>& grow_one) {
        const PointDistances distances(kernels_, points);
        const bool product = metric_ == Metric::dot;
        const auto real = static_cast<std::uint32_t>(sample_.of_edges.size());
        const std::uint32_t made_up = product ? std::min(count_ / items_a_made_up, most_made_up) : 0;
        if (real + made_up == 0) return connect(distances, grow_one, nullptr);
        return connect(distances, grow_one, [&](const graph::Adjacency& near) {
            PointCodes queries =
                code_queries(kernels_, metric_, queries_, sample_.of_edges, chosen.space, center, made_up);
            const std::uint64_t seed = base::derive_seed(options_.seed, made_up_part);
            make_up_queries(near, points, seed, real, queries, threads_, watch_);
            if (product) {
                woven_.made_up = true;
                woven_.likely_queries =
                    made_up_values(kernels_, near, rows_, woven_.order, center, chosen.whitening,
                                   base::derive_seed(options_.seed, calibrating_part), made_up_calibrating);
            }
            const EdgeQueries asked{PointQueries(kernels_, points, queries, product), real + made_up,
                                    [&](std::uint32_t query, std::vector<graph::RowId>& seeds) {
                                        if (query < real) return spread(seeds);
                                        graph::choose_parts(near, seed, query - real, seeds);
                                    }};
            return with_query_edges(near, distances, asked, plan(), watch_);
        });
    }

    template <class SplitType>
    void weave_codes(const CodeDistances& distances, const GrowOne<SplitType>& grow_one) {
        const auto real = static_cast<std::uint32_t>(sample_.of_edges.size());
        AddQueries add_queries;
        if (real > 0) {
            add_queries = [&](const graph::Adjacency& near) {
                const base::AlignedBuffer codes = code_query_bytes(queries_, sample_.of_edges, coded_);
                const EdgeQueries asked{CodeQueries(distances, codes.data()), real,
                                        [&](std::uint32_t, std::vector<graph::RowId>& seeds) { spread(seeds); }};
                return with_query_edges(near, distances, asked, plan(), watch_);
            };
        }
        woven_.vertices = plain_vertices(connect(distances, grow_one, add_queries), woven_.short_ids);
    }

    // Where walks for queries begin that are like no item.
    void spread(std::vector<graph::RowId>& seeds) const {
        constexpr std::uint64_t wanted = 8;
        for (std::uint64_t i = 0; i < wanted; ++i) seeds.push_back(static_cast<graph::RowId>(i * count_ / wanted));
    }

    void calibrate_by_held_out() {
        const std::size_t dim = queries_.dim();
        woven_.made_up = false;
        woven_.likely_queries.resize(sample_.held_out.size() * dim);
        for (std::size_t i = 0; i < sample_.held_out.size(); ++i) {
            const std::span<float> out(woven_.likely_queries.data() + i * dim, dim);
            if (queries_.bits()) {
                codes::unpack_bits(queries_.words(sample_.held_out[i]), out);
            } else {
                std::ranges::copy(queries_.floats(sample_.held_out[i]), out.begin());
            }
        }
    }

    EdgePlan plan() const {
        return {woven_.degree, std::min(woven_.n_trees, most_trees), options_.seed, threads_,
                metric_ == Metric::dot ? alpha_of_directions : alpha};
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
    graph::Adjacency connect(const graph::Distances& distances, const GrowOne<SplitType>& grow_one,
                             const AddQueries& add_queries) {
        graph::Adjacency graph = near_edges(distances, grow_one, plan(), watch_);
        if (add_queries) graph = add_queries(graph);
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
    const Rows& queries_;
    const QuerySample sample_;
    const BuildOptions& options_;
    const StageWatch& watch_;
    const unsigned threads_;
    const std::uint32_t count_;
    Woven woven_;
};

}  // namespace

Woven weave(const kernels::Kernels& kernels, Metric metric, const Rows& rows, const Coded& coded, const Rows& queries,
            const BuildOptions& options, const StageWatch& watch) {
    return Weaver(kernels, metric, rows, coded, queries, options, watch).run();
}

}  // namespace nearfile::index
