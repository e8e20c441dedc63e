#include "build/build_graph.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "base/random.hpp"
#include "build/budget.hpp"
#include "build/edges.hpp"
#include "build/external/near_edges.hpp"
#include "build/external/order_items.hpp"
#include "build/growing.hpp"
#include "build/quantized.hpp"
#include "build/query_edges.hpp"
#include "build/select_space.hpp"
#include "build/stages.hpp"
#include "build/training_queries.hpp"
#include "build/vertices.hpp"
#include "codes/bits.hpp"
#include "codes/nibble.hpp"
#include "codes/sketch.hpp"
#include "codes/split.hpp"
#include "codes/uniform.hpp"
#include "file/advice.hpp"
#include "forest/grow.hpp"
#include "graph/connectivity.hpp"
#include "opened/graph_view.hpp"
#include "opened/seed_parts.hpp"

namespace nearfile::build {
namespace {

// docs/algorithms/graph.md has the measurements behind these.
constexpr std::uint32_t entry_leaf_size = 64;
constexpr std::uint32_t default_trees = 8;
constexpr std::uint32_t most_trees = 16;              // the candidates of more are the same ones
constexpr std::array alphas_of_directions = {1.05f};  // docs/algorithms/inner-products.md

// A denser graph is faster where it is needed and costs a row that is longer.
constexpr std::uint32_t plain_degree = 48;  // where the walk looks at the codes of all neighbours

// Queries are made up of one item in so many, where none but inner products need them.
constexpr std::uint32_t items_a_made_up = 4;
constexpr std::uint32_t most_made_up = 250000;
constexpr std::uint32_t made_up_calibrating = 512;

class GraphBuilder {
public:
    GraphBuilder(const kernels::Kernels& kernels, Metric metric, const Rows& rows, Encoded& encoded,
                 const Rows& queries, const GivenCandidates& given, const BuildOptions& options,
                 file::SectionWriter& writer, const external::Session* session, const StageWatch& watch)
        : kernels_(kernels),
          metric_(metric),
          rows_(rows),
          encoded_(encoded),
          queries_(queries),
          sample_(queries.count()),
          given_(given),
          options_(options),
          writer_(writer),
          session_(session),
          watch_(watch),
          threads_(session != nullptr ? session->threads() : options.threads),
          count_(rows.count()) {}

    BuiltGraph run() {
        built_.n_trees = options_.n_trees == 0 ? default_trees : std::min(options_.n_trees, most_trees);
        const bool has_sketches = codes_are_scaled(metric_, rows_) || metric_ == Metric::euclidean;
        rotates_ = options_.profile == Profile::compact && metric_ != Metric::dot && codes_are_scaled(metric_, rows_) &&
                   count_ > 0 && rows_.dim() <= opened::max_walk_dim && codes::split_pays(rows_.dim());
        built_.splits = rotates_ && options_.keep == Keep::none;
        // Without items there is no projection to bring so many dimensions down.
        const bool too_wide = count_ == 0 && rows_.dim() > opened::max_walk_dim;
        const bool sketched = has_sketches && options_.profile != Profile::compact && !too_wide;
        built_.leaf_size = rotates_ ? split_leaf_size : entry_leaf_size;
        built_.degree = options_.profile == Profile::compact ? compact_degree : plain_degree;
        if (metric_ == Metric::hamming) {
            connect_bits();
        } else {
            connect_vectors(sketched);
        }
        if (!sample_.held_out.empty()) calibrate_by_held_out();
        return std::move(built_);
    }

private:
    // What queries add to a graph of near items; null where there are none.
    using AddQueries = std::function<graph::Adjacency(const graph::Adjacency& near)>;

    void connect_bits() {
        const std::size_t words = codes::words_of(rows_.dim());
        built_.plane_dim = 0;
        if (count_ == 0) return;
        CodedItems codes{{}, words * sizeof(std::uint64_t), rows_.dim()};
        const auto distances = [&](const base::AlignedBuffer& rows) {
            return CodeDistances(kernels_, rows.data(), codes.stride, rows_.dim(), true, count_);
        };
        const CodeDistances between_rows = distances(encoded_.rows);
        const auto growing = growing_of_bits(kernels_, between_rows, encoded_.rows, codes, threads_, watch_);
        built_.bits = entry_tree(growing, codes.stride, [&](std::span<const std::uint32_t> places) {
            codes.rows = scatter(encoded_.rows.bytes(), codes.stride, places, threads_, watch_);
        });
        codes.rows = reorder(session_ == nullptr ? encoded_.rows.bytes() : codes.rows.bytes(), codes.stride, order(),
                             threads_, watch_);
        encoded_.rows = {};
        connect_codes(codes.rows.bytes(), distances(codes.rows), growing);
        encoded_.rows = std::move(codes.rows);
    }

    void connect_vectors(bool sketched) {
        std::vector<float> center = encoded_.center;
        // The codes' center of inner products is the origin.
        if (metric_ == Metric::dot) center = mean_of_rows(kernels_, metric_, rows_, threads_, watch_);
        SelectedSpace selected = select_space(kernels_, metric_, rows_, center,
                                              {sketched, options_.profile, options_.seed, threads_, rotates_}, watch_);
        const opened::Space& space = selected.space;
        built_.plane_dim = static_cast<std::uint32_t>(space.dim());
        built_.walk_dim = sketched || rotates_ ? built_.plane_dim : 0;
        if (rotates_) built_.degree = degree_of_split(rows_.dim(), count_);
        if (sketched) built_.degree = degree_in_budget(built_.plane_dim, metric_, rows_, options_.profile);
        built_.space = space.kind();
        if (sketched) built_.sketched_dim = static_cast<std::uint32_t>(sketched_dimensions(space.dim(), metric_));
        const bool bytes = encoded_.kind == opened::CodeKind::uniform_exact;
        // Walks by sketches or 4-bit codes lead straight to the vectors.
        built_.want_codes = !rotates_ && (!sketched || options_.keep == Keep::none || bytes);
        if (count_ == 0) return;
        QuantizedVectors vectors = quantize(kernels_, metric_, rows_, space, center, threads_, watch_);
        const codes::UniformLayout layout(rows_.dim(), encoded_.kind == opened::CodeKind::uniform_exact);
        CodedItems codes{{}, layout.stride, rows_.dim()};
        const auto growing = growing_of(kernels_, vectors, codes, threads_, watch_);
        built_.planes = entry_tree(growing, vectors.stride, [&](std::span<const std::uint32_t> places) {
            vectors = scatter(vectors, places, threads_, watch_);
        });
        vectors = reorder(vectors, order(), threads_, watch_);
        if (metric_ == Metric::manhattan) {
            codes.rows = in_item_order(encoded_.rows.bytes(), layout.stride, built_, threads_, watch_);
            encoded_.rows = {};
            connect_codes(codes.rows.bytes(),
                          CodeDistances(kernels_, codes.rows.data(), layout.stride, rows_.dim(), false, count_),
                          growing);
            encoded_.rows = std::move(codes.rows);
        } else {
            {
                const graph::Adjacency graph = connect_quantized(vectors, selected, center, growing);
                sketched ? write_sketches(graph, vectors) : write_neighbors(graph);
            }
            write_nibbles(vectors, sketched);
        }
        built_.projection = std::move(selected.projection);
        built_.whitening = std::move(selected.whitening.factor);
    }

    graph::Adjacency connect_quantized(const QuantizedVectors& vectors, const SelectedSpace& selected,
                                       std::span<const float> center, const Growing<forest::Split>& growing) {
        const QuantizedDistances distances(kernels_, vectors);
        const bool product = metric_ == Metric::dot;
        const auto real = static_cast<std::uint32_t>(sample_.of_edges.size());
        const std::uint32_t made_up = product ? std::min(count_ / items_a_made_up, most_made_up) : 0;
        if (real + made_up == 0) return connect(distances, vectors.rows.bytes(), growing, nullptr);
        return connect(distances, vectors.rows.bytes(), growing, [&](const graph::Adjacency& near) {
            QuantizedVectors queries =
                quantize_queries(kernels_, metric_, queries_, sample_.of_edges, selected.space, center, made_up);
            const std::uint64_t seed = opened::derive_seed(options_.seed, opened::SeedPart::made_up_queries);
            make_up_queries(kernels_, near, vectors, seed, real, queries, threads_, watch_);
            if (product) {
                built_.made_up = true;
                built_.likely_queries = made_up_values(
                    kernels_, near, rows_, built_.row_of_item, center, selected.whitening,
                    opened::derive_seed(options_.seed, opened::SeedPart::calibration_queries), made_up_calibrating);
            }
            const EdgeQueries asked{QuantizedQueryDistances(kernels_, vectors, queries, product), real + made_up,
                                    [&](std::uint32_t query, std::vector<graph::ItemId>& entry_points) {
                                        if (query < real) return spread(entry_points);
                                        graph::choose_parts(near, seed, query - real, entry_points);
                                    }};
            return with_query_edges(near, distances, asked, plan(), watch_);
        });
    }

    template <class SplitType>
    void connect_codes(std::span<const std::byte> codes, const CodeDistances& distances,
                       const Growing<SplitType>& growing) {
        const auto real = static_cast<std::uint32_t>(sample_.of_edges.size());
        AddQueries add_queries;
        if (real > 0) {
            add_queries = [&](const graph::Adjacency& near) {
                const base::AlignedBuffer asking = encode_queries(queries_, sample_.of_edges, encoded_);
                const EdgeQueries asked{
                    CodeQueryDistances(distances, asking.data()), real,
                    [&](std::uint32_t, std::vector<graph::ItemId>& entry_points) { spread(entry_points); }};
                return with_query_edges(near, distances, asked, plan(), watch_);
            };
        }
        write_neighbors(connect(distances, codes, growing, add_queries));
    }

    // Where walks for queries begin that are like no item.
    void spread(std::vector<graph::ItemId>& entry_points) const {
        constexpr std::uint64_t wanted = 8;
        for (std::uint64_t i = 0; i < wanted; ++i)
            entry_points.push_back(static_cast<graph::ItemId>(i * count_ / wanted));
    }

    void calibrate_by_held_out() {
        const std::size_t dim = queries_.dim();
        built_.made_up = false;
        built_.likely_queries.resize(sample_.held_out.size() * dim);
        for (std::size_t i = 0; i < sample_.held_out.size(); ++i) {
            const std::span<float> out(built_.likely_queries.data() + i * dim, dim);
            if (queries_.bits()) {
                codes::unpack_bits(queries_.words(sample_.held_out[i]), out);
            } else {
                queries_.copy(sample_.held_out[i], out);
            }
        }
    }

    EdgePlan plan() const {
        return {built_.degree,
                built_.n_trees,
                options_.seed,
                threads_,
                metric_ == Metric::dot ? std::span<const float>(alphas_of_directions) : usual_alphas,
                built_.walk_dim,
                options_.profile};
    }

    // What brings the rows into the order of items: as they are, or as scattered to their places.
    std::span<const std::uint32_t> order() const noexcept {
        return session_ == nullptr ? built_.row_of_item : built_.division.place_of_item;
    }

    // Rows into the order of items. Within a given memory by parts: `to_places` scatters what `growing` sees.
    template <class SplitType>
    forest::Forest<SplitType> entry_tree(const Growing<SplitType>& growing, std::size_t code_stride,
                                         const std::function<void(std::span<const std::uint32_t>)>& to_places) {
        if (session_ == nullptr) return grow_entry_tree(growing.all);
        auto divided = external::order_items(
            growing.some, growing.sides, *session_, {code_stride, built_.degree, built_.n_trees},
            {count_, 0, built_.leaf_size, built_.plane_dim, options_.seed, threads_}, watch_, to_places);
        built_.division = std::move(divided.division);
        built_.row_of_item = external::row_of_item(built_.division);
        set_item_of_row();
        return std::move(divided.entry_tree);
    }

    void set_item_of_row() {
        built_.item_of_row.resize(count_);
        for (std::uint32_t item = 0; item < count_; ++item) built_.item_of_row[built_.row_of_item[item]] = item;
    }

    // The first tree. Its leaves, one after another, become the order of the items, so that it needs no list of them.
    template <class SplitType>
    forest::Forest<SplitType> grow_entry_tree(const GrowOne<SplitType>& grow_one) {
        std::vector<forest::Tree<SplitType>> trees(1);
        std::atomic<bool> stop{false};
        run_stage(
            "entry tree", 1, threads_,
            [&](std::size_t) {
                trees[0] = grow_one(
                    forest::GrowOptions{built_.leaf_size,
                                        opened::derive_seed(options_.seed, opened::SeedPart::entry_tree), threads_},
                    stop);
            },
            watch_, stop);
        auto& tree = trees[0];
        built_.row_of_item = std::move(tree.items);
        set_item_of_row();
        forest::Forest<SplitType> forest{{tree.root}, std::move(tree.splits), std::move(tree.planes), {}, {}};
        forest.starts.assign(tree.starts.begin(), tree.starts.end());
        forest.starts.push_back(count_);
        return forest;
    }

    // Rows are given, and items have another order.
    Give give() const {
        if (!given_.any()) return {};
        return [this](graph::ItemId item, std::vector<graph::ItemId>& some) {
            const Given given = given_.append(built_.row_of_item[item], some);
            for (graph::ItemId& each : some) each = built_.item_of_row[each];
            return given;
        };
    }

    template <class SplitType>
    graph::Adjacency connect(const graph::Distances& distances, std::span<const std::byte> codes,
                             const Growing<SplitType>& growing, const AddQueries& add_queries) {
        if (session_ != nullptr) file::expect_random(codes);
        graph::Adjacency graph = session_ == nullptr ? build::near_edges(distances, growing.all, plan(), watch_, give())
                                                     : external::near_edges({distances, codes}, growing.some,
                                                                            built_.division, *session_, plan(), watch_);
        if (add_queries) graph = add_queries(graph);
        graph = without_empty_places(std::move(graph), static_cast<bool>(add_queries), distances, plan(), watch_);
        graph::ensure_reachable(graph);
        built_.degree = graph.degree();
        return graph;
    }

    void write(opened::SectionKind kind, const RowSource& rows) { to_section(rows, kind, writer_, threads_, watch_); }

    void write_neighbors(const graph::Adjacency& graph) {
        if (options_.profile == Profile::compact) {
            write(opened::SectionKind::sorted_vertices, sorted_vertices(graph));
        } else {
            write(opened::SectionKind::vertices, plain_vertices(graph));
        }
    }

    void write_sketches(const graph::Adjacency& graph, const QuantizedVectors& vectors) {
        write(opened::SectionKind::vertices,
              sketched_vertices(kernels_, graph, vectors, built_.sketched_dim, opened::sketch_kind(metric_)));
    }

    void write_nibbles(const QuantizedVectors& vectors, bool sketched) {
        if (!sketched && !rotates_) return;
        std::vector<codes::NibbleTail> tails(count_);
        write(opened::SectionKind::nibbles, built_.splits ? upper_halves(vectors, tails) : nibble_rows(vectors, tails));
        opened::unwrap(writer_.add(static_cast<std::uint32_t>(opened::SectionKind::nibble_tails), file::flag_required,
                                   std::as_bytes(std::span(tails))));
        if (built_.splits) write(opened::SectionKind::lower_nibbles, lower_halves(vectors));
    }

    const kernels::Kernels& kernels_;
    const Metric metric_;
    const Rows& rows_;
    Encoded& encoded_;
    const Rows& queries_;
    const QuerySample sample_;
    const GivenCandidates& given_;
    const BuildOptions& options_;
    file::SectionWriter& writer_;
    const external::Session* const session_;
    const StageWatch& watch_;
    const unsigned threads_;
    const std::uint32_t count_;
    bool rotates_ = false;  // whether a walk without sketches goes by 4-bit codes
    BuiltGraph built_;
};

}  // namespace

base::AlignedBuffer in_item_order(std::span<const std::byte> rows, std::size_t stride, const BuiltGraph& built,
                                  unsigned threads, const StageWatch& watch) {
    const external::Division& division = built.division;
    if (division.parts.empty()) return reorder(rows, stride, built.row_of_item, threads, watch);
    const base::AlignedBuffer placed = scatter(rows, stride, division.place_of_row, threads, watch);
    return reorder(placed.bytes(), stride, division.place_of_item, threads, watch);
}

BuiltGraph build_graph(const kernels::Kernels& kernels, Metric metric, const Rows& rows, Encoded& encoded,
                       const Rows& queries, const GivenCandidates& given, const BuildOptions& options,
                       file::SectionWriter& writer, const external::Session* session, const StageWatch& watch) {
    return GraphBuilder(kernels, metric, rows, encoded, queries, given, options, writer, session, watch).run();
}

}  // namespace nearfile::build
