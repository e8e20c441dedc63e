#include "index/weaving.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.hpp"
#include "codes/bits.hpp"
#include "codes/nibble.hpp"
#include "codes/sketch.hpp"
#include "codes/uniform.hpp"
#include "forest/grow.hpp"
#include "graph/connect.hpp"
#include "graph/leaves.hpp"
#include "graph/reach.hpp"
#include "index/points.hpp"
#include "index/space.hpp"
#include "index/stages.hpp"

namespace nearfile::index {
namespace {

// docs/algorithms/graph.md has the measurements behind these.
constexpr std::uint32_t seed_leaf_size = 64;
constexpr std::uint32_t default_trees = 8;
constexpr std::uint32_t candidate_leaf_size = 300;
constexpr std::uint32_t candidates_kept = 48;
constexpr std::uint32_t candidates_of_leaf = 16;
constexpr float alpha = 1.1f;
constexpr std::uint32_t refine_width = 64;
constexpr std::uint32_t refine_steps = 24;
constexpr std::uint32_t rows_a_task = 1024;
constexpr std::uint32_t leaves_a_task = 16;

// A projection that keeps less of the variance costs more recall than it saves bytes.
constexpr double least_variance_kept = 0.85;
constexpr std::size_t most_rotated_dim = 2048;

// A denser graph is faster where it is needed and costs a row that is longer.
constexpr std::uint32_t compact_degree = 32;
constexpr std::uint32_t plain_degree = 48;  // where the walk looks at the codes of all neighbours
constexpr std::uint32_t sparsest = 32;
constexpr std::uint32_t densest = 64;

// What `balanced` may take for an item, in bytes: less than three times its values in single precision, or, where these
// are few, enough for a graph.
constexpr double balanced_share = 2.7;
constexpr double balanced_least = 1040;

// Places that pruning leaves empty are not worth their bytes.
constexpr double places_of_mean = 1.5;

template <class Work>
void for_items(std::string_view stage, std::uint32_t count, unsigned threads, const StageWatch& watch,
               const Work& work) {
    std::atomic<bool> stop{false};
    run_stage(
        stage, (count + rows_a_task - 1) / rows_a_task, threads,
        [&](std::size_t task) {
            const auto begin = static_cast<std::uint32_t>(task * rows_a_task);
            work(begin, std::min(count, begin + rows_a_task));
        },
        watch, stop);
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
        const bool sketched = codes_are_scaled(metric_, rows_) || metric_ == Metric::euclidean;
        // Without items there is no projection to bring so many dimensions down.
        const bool too_wide = count_ == 0 && rows_.dim() > max_walk_dim;
        const bool walks_codes = !sketched || options_.profile == Profile::compact || too_wide;
        woven_.degree = compact_degree;
        if (options_.profile != Profile::compact) woven_.degree = walks_codes ? plain_degree : sketched_degree();
        if (metric_ == Metric::hamming) {
            weave_bits();
        } else {
            weave_points(!walks_codes);
        }
        return std::move(woven_);
    }

private:
    std::uint32_t sketched_degree() const {
        if (options_.profile == Profile::fast) return densest;
        const std::size_t dim = rows_.dim();
        const std::size_t seen = codes::plane_dim(dim);
        const double budget = std::max(balanced_share * static_cast<double>(dim * sizeof(float)), balanced_least);
        std::uint32_t degree = sparsest;
        for (std::uint32_t denser = degree; denser <= densest; denser += codes::sketch_group) {
            const std::size_t bytes = codes::SketchLayout(seen, denser).stride + codes::NibbleLayout(seen).stride +
                                      dim * codes::bytes_per_value(rows_.kind()) + 2 * sizeof(std::uint32_t);
            if (static_cast<double>(bytes) <= budget) degree = denser;
        }
        return degree;
    }

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
        const graph::Adjacency graph = build<forest::BitSplit>(
            distances, [&](const forest::GrowOptions& grow, auto& stop) { return forest::grow(points, grow, stop); });
        write_plain(graph);
    }

    void weave_points(bool sketched) {
        const Space space = choose_space(sketched);
        woven_.plane_dim = static_cast<std::uint32_t>(space.dim());
        woven_.walk_dim = sketched ? woven_.plane_dim : 0;
        woven_.space = space.kind();
        const bool bytes = coded_.kind == CodeKind::uniform_exact;
        woven_.want_codes = !sketched || options_.keep == Keep::none || bytes || space.kind() == SpaceKind::projection;
        if (count_ == 0) return;
        PointCodes points = code_points(kernels_, metric_, rows_, space, coded_.center, threads_, watch_);
        woven_.planes = plant_seeds<forest::Split>([&](const forest::GrowOptions& grow, auto& stop) {
            return forest::grow(kernels_, points.points(), grow, stop);
        });
        points = reorder(points, woven_.order, threads_, watch_);
        const auto grow_one = [&](const forest::GrowOptions& grow, auto& stop) {
            return forest::grow(kernels_, points.points(), grow, stop);
        };
        if (metric_ == Metric::manhattan) {
            const codes::UniformLayout layout(rows_.dim(), coded_.kind == CodeKind::uniform_exact);
            const base::AlignedBuffer codes = reorder(coded_.rows, layout.stride, woven_.order);
            const CodeDistances distances(kernels_, codes.data(), layout.stride, rows_.dim(), false, count_);
            write_plain(build<forest::Split>(distances, grow_one));
            return;
        }
        const PointDistances distances(kernels_, points);
        const graph::Adjacency graph = build<forest::Split>(distances, grow_one);
        if (sketched) {
            write_sketches(graph, points);
            write_nibbles(points);
        } else {
            write_plain(graph);
        }
    }

    // Where sketches are made, they need their variance spread over the dimensions.
    Space choose_space(bool sketched) {
        const std::size_t dim = rows_.dim();
        if (dim <= codes::projected_dim || count_ == 0) {
            return sketched ? Space(dim, base::derive_seed(options_.seed, rotation_part)) : Space(dim);
        }
        const std::vector<float> sample = sample_rows();
        woven_.projection =
            codes::train_projection(kernels_, sample, dim, base::derive_seed(options_.seed, projection_part));
        const Space projection(
            codes::Projection{woven_.projection.rows.as<std::int8_t>(), woven_.projection.scales, dim});
        if (!sketched || dim > most_rotated_dim || variance_kept(projection, sample) >= least_variance_kept) {
            return projection;
        }
        woven_.projection = {};
        return Space(dim, base::derive_seed(options_.seed, rotation_part));
    }

    std::vector<float> sample_rows() const {
        constexpr std::uint32_t wanted = 2048;
        const std::uint32_t step = std::max(1u, count_ / wanted);
        std::vector<float> sample;
        std::vector<float> values(rows_.dim());
        for (std::uint32_t row = 0; row < count_; row += step) {
            load_row(kernels_, metric_, rows_, row, values);
            for (std::size_t i = 0; i < coded_.center.size(); ++i) values[i] -= coded_.center[i];
            sample.insert(sample.end(), values.begin(), values.end());
        }
        return sample;
    }

    double variance_kept(const Space& space, std::span<const float> sample) const {
        const std::size_t dim = rows_.dim();
        codes::ScaledQuery whole(dim);
        std::vector<float> seen(space.dim());
        double all = 0;
        double kept = 0;
        for (std::size_t start = 0; start < sample.size(); start += dim) {
            const auto values = sample.subspan(start, dim);
            whole.set(values);
            space.apply(kernels_, values, whole, seen);
            for (const float value : values) all += static_cast<double>(value) * value;
            for (const float value : seen) kept += static_cast<double>(value) * value;
        }
        return all > 0 ? kept / all : 1.0;
    }

    // The first tree. Its leaves, one after another, become the order of the items, so that it needs no list of them.
    template <class SplitType, class GrowOne>
    forest::Grove<SplitType> plant_seeds(const GrowOne& grow_one) {
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

    template <class SplitType, class GrowOne>
    graph::Adjacency build(const graph::Distances& distances, const GrowOne& grow_one) {
        graph::Adjacency graph(count_, woven_.degree);
        {
            graph::CandidateLists lists(count_, candidates_kept, candidates_of_leaf);
            collect<SplitType>(distances, grow_one, lists);
            for_items("pruning", count_, threads_, watch_, [&](std::uint32_t begin, std::uint32_t end) {
                graph::Pruner pruner(distances, alpha);
                for (std::uint32_t item = begin; item < end; ++item) {
                    graph.set(item, pruner.keep(lists.best(item), woven_.degree));
                }
            });
        }
        graph = join_reverse(distances, graph);
        graph::Adjacency refined(count_, woven_.degree);
        for_items("refining", count_, threads_, watch_, [&](std::uint32_t begin, std::uint32_t end) {
            graph::Refiner refiner(distances, graph, alpha, refine_width, refine_steps);
            for (std::uint32_t item = begin; item < end; ++item) refiner.refine(item, refined);
        });
        graph = join_reverse(distances, refined);
        shrink(distances, graph);
        graph::connect_all(graph);
        return graph;
    }

    template <class SplitType, class GrowOne>
    void collect(const graph::Distances& distances, const GrowOne& grow_one, graph::CandidateLists& lists) {
        std::vector<forest::Tree<SplitType>> trees(woven_.n_trees);
        std::atomic<bool> stop{false};
        run_stage(
            "trees", woven_.n_trees, threads_,
            [&](std::size_t tree) {
                trees[tree] =
                    grow_one(forest::GrowOptions{candidate_leaf_size, base::derive_seed(options_.seed, tree)}, stop);
            },
            watch_, stop);
        std::uint32_t done = 0;
        const StageWatch counted = [&](std::string_view stage, std::uint64_t part, std::uint64_t parts) {
            return !watch_ || watch_(stage, done * parts + part, trees.size() * parts);
        };
        for (auto& tree : trees) {
            const std::size_t n_leaves = tree.starts.size();
            run_stage(
                "leaves", (n_leaves + leaves_a_task - 1) / leaves_a_task, threads_,
                [&](std::size_t task) {
                    graph::LeafProducts products(distances, candidates_of_leaf);
                    for (std::size_t l = task * leaves_a_task; l < std::min(n_leaves, (task + 1) * leaves_a_task);
                         ++l) {
                        const std::size_t end = l + 1 < n_leaves ? tree.starts[l + 1] : count_;
                        products.offer(std::span(tree.items).subspan(tree.starts[l], end - tree.starts[l]), lists);
                    }
                },
                counted, stop);
            tree = {};
            ++done;
        }
    }

    graph::Adjacency join_reverse(const graph::Distances& distances, const graph::Adjacency& from) {
        const graph::Reversed reversed(from);
        graph::Adjacency joined(count_, woven_.degree);
        for_items("joining", count_, threads_, watch_, [&](std::uint32_t begin, std::uint32_t end) {
            graph::ReverseJoiner joiner(distances, from, reversed, alpha);
            for (std::uint32_t item = begin; item < end; ++item) joiner.join(item, joined);
        });
        return joined;
    }

    void shrink(const graph::Distances& distances, graph::Adjacency& graph) {
        std::uint64_t edges = 0;
        for (std::uint32_t item = 0; item < count_; ++item) edges += graph.neighbors(item).size();
        const double wanted = places_of_mean * static_cast<double>(edges) / count_;
        const auto groups = static_cast<std::uint32_t>(std::ceil(wanted / codes::sketch_group));
        const std::uint32_t degree = std::max(1u, groups) * static_cast<std::uint32_t>(codes::sketch_group);
        if (degree >= woven_.degree) return;
        graph::Adjacency smaller(count_, degree);
        for_items("joining", count_, threads_, watch_, [&](std::uint32_t begin, std::uint32_t end) {
            for (std::uint32_t item = begin; item < end; ++item) {
                smaller.set(item, graph::nearest(distances, item, graph.neighbors(item), degree));
            }
        });
        graph = std::move(smaller);
        woven_.degree = degree;
    }

    void write_plain(const graph::Adjacency& graph) {
        woven_.vertices = base::AlignedBuffer(static_cast<std::size_t>(count_) * woven_.degree * sizeof(std::uint32_t));
        if (!woven_.vertices.ok()) throw std::bad_alloc();
        auto to = woven_.vertices.as<std::uint32_t>();
        for (std::uint32_t item = 0; item < count_; ++item) {
            const auto row = graph.row(item);
            std::copy(row.begin(), row.end(), to.begin() + static_cast<std::ptrdiff_t>(item) * woven_.degree);
        }
    }

    void write_sketches(const graph::Adjacency& graph, const PointCodes& points) {
        const codes::SketchLayout layout(points.dim, woven_.degree);
        woven_.vertices = base::AlignedBuffer(count_ * layout.stride);
        if (!woven_.vertices.ok()) throw std::bad_alloc();
        const bool product = metric_ == Metric::dot;
        woven_.sketch_scale = choose_scale(graph, points, product);
        const codes::SketchWriter writer(
            kernels_, layout, product ? codes::SketchKind::inner_product : codes::SketchKind::squared_distance,
            woven_.sketch_scale);
        for_items("sketches", count_, threads_, watch_, [&](std::uint32_t begin, std::uint32_t end) {
            std::vector<float> vertex((points.dim + 7) / 8 * 8);
            for (std::uint32_t item = begin; item < end; ++item) {
                std::byte* row = woven_.vertices.data() + item * layout.stride;
                writer.clear(row);
                for (std::size_t i = 0; i < points.dim; ++i) {
                    vertex[i] = points.scales[item] * static_cast<float>(points.code(item)[i]);
                }
                const auto neighbors = graph.neighbors(item);
                for (std::size_t place = 0; place < neighbors.size(); ++place) {
                    const std::uint32_t other = neighbors[place];
                    writer.add(row, place, other, vertex.data(), points.code(other), points.scales[other]);
                }
            }
        });
    }

    // Half precision reaches 65,504; leave room for what no sampled edge had.
    float choose_scale(const graph::Adjacency& graph, const PointCodes& points, bool product) const {
        constexpr float wanted = 1024.0f;
        const PointDistances distances(kernels_, points);
        const std::uint32_t step = std::max(1u, count_ / 65536);
        float largest = 0;
        std::vector<float> far(woven_.degree);
        for (std::uint32_t item = 0; item < count_; item += step) {
            const auto neighbors = graph.neighbors(item);
            distances.from(item, neighbors, far.data());
            for (std::size_t i = 0; i < neighbors.size(); ++i) largest = std::max(largest, far[i]);
        }
        if (product) largest = std::sqrt(largest);
        return largest > 1e-30f ? wanted / largest : 1.0f;
    }

    void write_nibbles(const PointCodes& points) {
        const codes::NibbleLayout layout(points.dim);
        woven_.nibbles = base::AlignedBuffer(count_ * layout.stride);
        if (!woven_.nibbles.ok()) throw std::bad_alloc();
        for_items("codes", count_, threads_, watch_, [&](std::uint32_t begin, std::uint32_t end) {
            std::vector<float> values(points.dim);
            for (std::uint32_t item = begin; item < end; ++item) {
                for (std::size_t i = 0; i < points.dim; ++i) {
                    values[i] = points.scales[item] * static_cast<float>(points.code(item)[i]);
                }
                codes::encode_nibbles(values, points.full_norms[item], layout,
                                      woven_.nibbles.data() + item * layout.stride);
            }
        });
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
