#include "index/assemble.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>

#include "codes/vectors.hpp"
#include "index/calibration.hpp"
#include "index/kernel_choice.hpp"
#include "index/points.hpp"
#include "index/stages.hpp"
#include "nearfile/version.hpp"

namespace nearfile::index {
namespace {

Description describe(Metric metric, const Rows& rows, const IdList& ids, const Coded& coded, const Planted& planted,
                     std::uint64_t seed) {
    Description description{};
    description.metric = metric;
    description.dim = rows.dim();
    description.count = rows.count();
    description.value_type = metric == Metric::hamming ? ValueType::bit : static_cast<ValueType>(rows.kind());
    description.id_kind = ids.kind;
    description.code_kind = coded.kind;
    description.code_scale = coded.scale;
    description.n_trees = planted.n_trees;
    description.leaf_size = planted.leaf_size;
    description.seed = seed;
    description.plane_dim = planted.plane_dim;
    if (planted.plane_dim != rows.dim() && metric != Metric::hamming) description.space = SpaceKind::projection;
    constexpr std::string_view version = NEARFILE_VERSION;
    static_assert(version.size() <= sizeof description.library_version);
    std::copy(version.begin(), version.end(), description.library_version.begin());
    return description;
}

void describe_graph(const Woven& woven, const BuildOptions& options, Description& description) {
    description.structure = Structure::graph;
    description.n_trees = woven.n_trees;
    description.leaf_size = woven.leaf_size;
    description.plane_dim = woven.plane_dim;
    description.profile = options.profile;
    description.keep = options.keep;
    description.degree = woven.degree;
    description.walk_dim = woven.walk_dim;
    description.space = woven.space;
    description.sketch_scale = woven.sketch_scale;
    description.short_ids = woven.short_ids ? 1 : 0;
}

// Item i is row order[i], or row i where `order` is empty.
base::AlignedBuffer encode_vectors(const Rows& rows, codes::ValueKind kind, std::span<const std::uint32_t> order,
                                   unsigned threads, const StageWatch& watch) {
    const std::size_t stride = rows.dim() * codes::bytes_per_value(kind);
    base::AlignedBuffer vectors = base::allocate(rows.count() * stride);
    run_blocks(
        "vectors", rows.count(), threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            for (std::uint32_t row = begin; row < end; ++row) {
                const auto values = rows.floats(order.empty() ? row : order[row]);
                codes::encode_values(values, kind, vectors.data() + row * stride);
            }
        },
        watch);
    return vectors;
}

template <class T>
void add(file::Writer& writer, SectionKind kind, const T& values) {
    writer.add(static_cast<std::uint32_t>(kind), file::flag_required, std::as_bytes(std::span(values)));
}

template <class SplitType>
void add_forest(file::Writer& writer, const forest::Grove<SplitType>& grove) {
    add(writer, SectionKind::roots, grove.roots);
    add(writer, SectionKind::splits, grove.splits);
    add(writer, SectionKind::planes, grove.planes);
    add(writer, SectionKind::leaf_starts, grove.starts);
    add(writer, SectionKind::leaf_items, grove.items);
}

}  // namespace

Assembled assemble(Metric metric, const Rows& rows, const IdList& ids, const Rows& queries,
                   const BuildOptions& options) {
    const kernels::Kernels& kernels = chosen_kernels();
    const StageWatch watch = counted_on(options.progress);
    Assembled assembled;
    assembled.ids_ = ids.table(rows.count());
    assembled.id_order_ = unwrap(sort_ids(assembled.ids_));
    if (options.structure == Structure::graph) {
        assembled.weave(kernels, metric, rows, ids, queries, options, watch);
        return assembled;
    }
    assembled.coded_ = code_rows(kernels, metric, rows, options.threads, watch);
    assembled.planted_ = plant(kernels, metric, rows, assembled.coded_, options, watch);
    if (!assembled.coded_.are_vectors()) {
        assembled.vectors_ = encode_vectors(rows, rows.kind(), {}, options.threads, watch);
    }
    assembled.description_ = describe(metric, rows, ids, assembled.coded_, assembled.planted_, options.seed);
    return assembled;
}

void Assembled::weave(const kernels::Kernels& kernels, Metric metric, const Rows& rows, const IdList& ids,
                      const Rows& queries, const BuildOptions& options, const StageWatch& watch) {
    const bool scaled = codes_are_scaled(metric, rows);
    if (scaled) {
        coded_.kind = CodeKind::none;  // until it is known whether the walk leaves any use for them
    } else {
        coded_ = code_rows(kernels, metric, rows, options.threads, watch);
    }
    // Codes that are the vectors need no center, but what the walk sees is better off around the mean. Inner products
    // change when the origin moves.
    if ((scaled && metric != Metric::dot) || coded_.kind == CodeKind::uniform_exact) {
        coded_.center = mean_of_rows(kernels, metric, rows, options.threads, watch);
    }
    woven_ = index::weave(kernels, metric, rows, coded_, queries, options, watch);
    if (woven_.want_codes && scaled) {
        coded_ = code_scaled(kernels, metric, rows, std::move(coded_.center), options.threads, watch);
    }
    if (rows.count() > 0 && coded_.kind != CodeKind::none) {
        coded_.rows = reorder(coded_.rows, coded_.rows.size() / rows.count(), woven_.order);
    }
    if (!coded_.are_vectors() && options.keep != Keep::none) {
        vectors_ = encode_vectors(rows, rows.kind(), woven_.order, options.threads, watch);
    }
    description_ = describe(metric, rows, ids, coded_, {}, options.seed);
    describe_graph(woven_, options, description_);
    // Kernels may read a little past the last plane.
    woven_.planes.planes.reserve(woven_.planes.planes.size() + kernels::code_overread);
    const auto parts = open_parts(writer().container());
    const bool items_will_do = woven_.likely_queries.empty();
    const CalibrationQueries likely =
        items_will_do ? items_as_queries(*parts) : CalibrationQueries{std::move(woven_.likely_queries), {}};
    Calibration calibration = calibrate(*parts, likely, options.threads, watch);
    calibration_ = std::move(calibration.points);
    // What live queries are compared with: users' own, or items.
    if (!woven_.made_up) description_.calibrated_nearest = calibration.nearest;
}

file::Writer Assembled::writer() const {
    std::array<std::byte, file::description_bytes> description;
    std::memcpy(description.data(), &description_, sizeof description_);
    file::Writer writer(description);
    add(writer, SectionKind::vertices, woven_.vertices.bytes());
    add(writer, SectionKind::nibbles, woven_.nibbles.bytes());
    add(writer, SectionKind::codes, coded_.rows.bytes());
    const bool graph = description_.structure == Structure::graph;
    if (description_.metric == Metric::hamming) {
        add_forest(writer, graph ? woven_.bits : planted_.bits);
    } else {
        add_forest(writer, graph ? woven_.planes : planted_.planes);
    }
    const codes::TrainedProjection& projection = graph ? woven_.projection : planted_.projection;
    add(writer, SectionKind::projection, projection.rows.bytes());
    add(writer, SectionKind::projection_scales, projection.scales);
    add(writer, SectionKind::whitening, woven_.whitening);
    if (description_.count > 0) add(writer, SectionKind::center, coded_.center);
    add(writer, SectionKind::vectors, vectors_.bytes());
    add(writer, SectionKind::rows, woven_.order);
    add(writer, SectionKind::places, woven_.places);
    add(writer, SectionKind::calibration, calibration_);
    if (ids_.kind == IdKind::int64) add(writer, SectionKind::int64_ids, ids_.numbers);
    if (ids_.kind == IdKind::string) {
        add(writer, SectionKind::id_text_starts, ids_.text_starts);
        add(writer, SectionKind::id_text, ids_.text);
    }
    add(writer, SectionKind::id_order, id_order_);
    return writer;
}

}  // namespace nearfile::index
