#include "build/build_index.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>

#include "build/calibration.hpp"
#include "build/quantized.hpp"
#include "build/stages.hpp"
#include "codes/normalise.hpp"
#include "codes/vectors.hpp"
#include "file/advice.hpp"
#include "file/section_writer.hpp"
#include "nearfile/version.hpp"
#include "opened/kernel_choice.hpp"

namespace nearfile::build {
namespace {

opened::Description describe(Metric metric, const Rows& rows, const opened::IdList& ids, const Encoded& encoded,
                             const BuiltForest& built_forest, std::uint64_t seed) {
    opened::Description description{};
    description.metric = metric;
    description.dim = rows.dim();
    description.count = rows.count();
    description.value_type = metric == Metric::hamming ? ValueType::bit : static_cast<ValueType>(rows.kind());
    description.id_kind = ids.kind;
    description.code_kind = encoded.kind;
    description.code_scale = encoded.scale;
    description.n_trees = built_forest.n_trees;
    description.leaf_size = built_forest.leaf_size;
    description.seed = seed;
    description.plane_dim = built_forest.plane_dim;
    if (built_forest.plane_dim != rows.dim() && metric != Metric::hamming)
        description.space = opened::SpaceKind::projection;
    constexpr std::string_view version = NEARFILE_VERSION;
    static_assert(version.size() <= sizeof description.library_version);
    std::copy(version.begin(), version.end(), description.library_version.begin());
    return description;
}

void describe_graph(const BuiltGraph& built, const BuildOptions& options, opened::Description& description) {
    description.structure = Structure::graph;
    description.n_trees = built.n_trees;
    if (options.n_trees > built.n_trees) description.n_trees_asked = options.n_trees;
    description.leaf_size = built.leaf_size;
    description.plane_dim = built.plane_dim;
    description.profile = options.profile;
    description.keep = options.keep;
    description.degree = built.degree;
    description.walk_dim = built.walk_dim;
    description.space = built.space;
}

// Item i is row order[i], or row i where `order` is empty. In parts where there are no codes, as opened/open.cpp has
// it.
base::AlignedBuffer encode_vectors(const Rows& rows, bool in_parts, std::span<const std::uint32_t> order,
                                   unsigned threads, const StageWatch& watch) {
    const codes::ValueKind kind = rows.kind();
    const std::size_t stride = rows.dim() * codes::bytes_per_value(kind);
    base::AlignedBuffer vectors = base::allocate(rows.count() * stride);
    std::byte* lower = vectors.data() + vectors.size() / 2;
    run_blocks(
        "vectors", rows.count(), threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            for (std::uint32_t row = begin; row < end; ++row) {
                const auto values = rows.floats(order.empty() ? row : order[row]);
                if (in_parts && kind == codes::ValueKind::float32) {
                    codes::encode_parts(values, vectors.data() + row * stride / 2, lower + row * stride / 2);
                } else {
                    codes::encode_values(values, kind, vectors.data() + row * stride);
                }
            }
        },
        watch);
    return vectors;
}

// The same without reading rows in the order of items, who lie anywhere.
base::AlignedBuffer vectors_by_parts(const Rows& rows, bool in_parts, const BuiltGraph& built, unsigned threads,
                                     const StageWatch& watch) {
    const base::AlignedBuffer encoded = encode_vectors(rows, in_parts, {}, threads, watch);
    const std::size_t stride = encoded.size() / rows.count();
    if (!in_parts || rows.kind() != codes::ValueKind::float32) {
        return in_item_order(encoded.bytes(), stride, built, threads, watch);
    }
    base::AlignedBuffer vectors = base::allocate(encoded.size());
    const std::size_t half = encoded.size() / 2;
    for (const std::size_t start : {std::size_t{0}, half}) {
        const auto ordered = in_item_order(encoded.bytes().subspan(start, half), stride / 2, built, threads, watch);
        std::memcpy(vectors.data() + start, ordered.data(), half);
    }
    return vectors;
}

// Row i is item item_of_row[i], or item i where that is empty; none where lengths count.
std::vector<float> inverse_lengths_of(const kernels::Kernels& kernels, Metric metric, const Rows& rows,
                                      std::span<const std::uint32_t> item_of_row, unsigned threads,
                                      const StageWatch& watch) {
    if (metric != Metric::angular && metric != Metric::cosine) return {};
    std::vector<float> inverse_lengths(rows.count());
    run_blocks(
        "vectors", rows.count(), threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            for (std::uint32_t row = begin; row < end; ++row) {
                const auto values = rows.floats(row);
                inverse_lengths[item_of_row.empty() ? row : item_of_row[row]] = codes::inverse_length(kernels, values);
            }
        },
        watch);
    return inverse_lengths;
}

}  // namespace

IndexImage build_index(Metric metric, const Rows& rows, const opened::IdList& ids, const Rows& queries,
                       const Index::State* like, const BuildOptions& options, const external::Session* session) {
    const kernels::Kernels& kernels = opened::chosen_kernels();
    const StageWatch watch = counted_on(options.progress);
    IndexImage image;
    image.ids_ = ids.table(rows.count());
    image.id_order_ = opened::unwrap(opened::sort_ids(image.ids_));
    if (options.structure == Structure::graph) {
        image.build_graph_sections(kernels, metric, rows, ids, queries, like, options, session, watch);
        return image;
    }
    image.encoded_ = encode_rows(kernels, metric, rows, options.threads, watch);
    image.built_forest_ = build_forest(kernels, metric, rows, image.encoded_, options, watch);
    if (!image.encoded_.are_vectors()) {
        image.vectors_ = encode_vectors(rows, false, {}, options.threads, watch);
        image.inverse_lengths_ = inverse_lengths_of(kernels, metric, rows, {}, options.threads, watch);
    }
    image.description_ = describe(metric, rows, ids, image.encoded_, image.built_forest_, options.seed);
    return image;
}

void IndexImage::build_graph_sections(const kernels::Kernels& kernels, Metric metric, const Rows& rows,
                                      const opened::IdList& ids, const Rows& queries, const Index::State* like,
                                      const BuildOptions& options, const external::Session* session,
                                      const StageWatch& watch) {
    const bool scaled = codes_are_scaled(metric, rows);
    if (scaled) {
        encoded_.kind = opened::CodeKind::none;  // until it is known whether the walk leaves any use for them
    } else {
        encoded_ = encode_rows(kernels, metric, rows, options.threads, watch);
    }
    // Codes that are the vectors need no center, but what the walk sees is better off around the mean. Inner products
    // change when the origin moves.
    if ((scaled && metric != Metric::dot) || encoded_.kind == opened::CodeKind::uniform_exact) {
        encoded_.center = mean_of_rows(kernels, metric, rows, options.threads, watch);
    }
    const GivenCandidates given(kernels, rows, ids_, options.candidates, like, options.threads, watch);
    built_ = build_graph(kernels, metric, rows, encoded_, queries, given, options, session, watch);
    if (built_.lower_nibbles.size() > 0) encoded_.kind = opened::CodeKind::split;
    if (built_.want_codes && scaled) {
        encoded_ = encode_scaled_rows(kernels, metric, rows, std::move(encoded_.center), options.threads, watch);
    }
    if (encoded_.rows.size() > 0) {
        encoded_.rows =
            in_item_order(encoded_.rows.bytes(), encoded_.rows.size() / rows.count(), built_, options.threads, watch);
    }
    if (!encoded_.are_vectors() && options.keep != Keep::none) {
        const bool in_parts = encoded_.kind == opened::CodeKind::none;
        if (session == nullptr) {
            vectors_ = encode_vectors(rows, in_parts, built_.row_of_item, options.threads, watch);
        } else {
            vectors_ = vectors_by_parts(rows, in_parts, built_, options.threads, watch);
        }
        inverse_lengths_ = inverse_lengths_of(kernels, metric, rows, built_.item_of_row, options.threads, watch);
    }
    description_ = describe(metric, rows, ids, encoded_, {}, options.seed);
    describe_graph(built_, options, description_);
    // Kernels may read a little past the last plane.
    built_.planes.planes.reserve(built_.planes.planes.size() + kernels::code_overread);
    std::vector<file::Container::Part> sections_so_far;
    for (const Section& section : sections()) sections_so_far.push_back(section.part);
    // Calibration walks over them; then they are written, and all else reads them so.
    const auto advise = [&](const auto& advice) {
        if (session == nullptr) return;
        for (const Section& section : sections()) advice(section.part.bytes);
    };
    advise(file::expect_random);
    const auto parts = opened::open_parts(file::Container::of_parts(description(), std::move(sections_so_far)));
    const bool items_will_do = built_.likely_queries.empty();
    const CalibrationQueries likely = items_will_do
                                          ? items_as_queries(*parts)
                                          : CalibrationQueries{std::move(built_.likely_queries), {}, built_.made_up};
    Calibration calibration = calibrate(*parts, likely, options.threads, watch);
    advise(file::expect_in_order);
    calibration_ = std::move(calibration.points);
    // What the queries of an open index are compared with: users' own, or items.
    if (!built_.made_up) description_.calibrated_nearest = calibration.nearest;
}

void IndexImage::add_columns(std::span<const Column> columns, const BuildOptions& options) {
    const StageWatch watch = counted_on(options.progress);
    columns_ = attributes::encode(columns, description_.count, built_.row_of_item,
                                  [&](std::size_t n, const std::function<void(std::size_t)>& task) {
                                      std::atomic<bool> stop{false};
                                      run_stage("attributes", n, options.threads, task, watch, stop);
                                  });
}

std::span<const std::byte, file::description_bytes> IndexImage::description() const {
    return std::as_bytes(std::span<const opened::Description, 1>(&description_, 1));
}

std::vector<IndexImage::Section> IndexImage::sections() const {
    std::vector<Section> all;
    const auto add = [&all](opened::SectionKind kind, const auto& values, std::uint32_t flags = file::flag_required) {
        all.push_back({{static_cast<std::uint32_t>(kind), std::as_bytes(std::span(values))}, flags});
    };
    const auto add_forest = [&add](const auto& forest) {
        add(opened::SectionKind::roots, forest.roots);
        add(opened::SectionKind::splits, forest.splits);
        add(opened::SectionKind::planes, forest.planes);
        add(opened::SectionKind::leaf_starts, forest.starts);
        add(opened::SectionKind::leaf_items, forest.items);
    };
    add(built_.sorted ? opened::SectionKind::sorted_vertices : opened::SectionKind::vertices, built_.vertices.bytes());
    add(opened::SectionKind::nibbles, built_.nibbles.codes.bytes());
    add(opened::SectionKind::nibble_tails, built_.nibbles.tails);
    add(opened::SectionKind::lower_nibbles, built_.lower_nibbles.bytes());
    add(opened::SectionKind::codes, encoded_.rows.bytes());
    const bool graph = description_.structure == Structure::graph;
    if (description_.metric == Metric::hamming) {
        add_forest(graph ? built_.bits : built_forest_.bits);
    } else {
        add_forest(graph ? built_.planes : built_forest_.planes);
    }
    const codes::TrainedProjection& projection = graph ? built_.projection : built_forest_.projection;
    add(opened::SectionKind::projection, projection.rows.bytes());
    add(opened::SectionKind::projection_scales, projection.scales);
    add(opened::SectionKind::whitening, built_.whitening);
    if (description_.count > 0) add(opened::SectionKind::center, encoded_.center);
    add(opened::SectionKind::inverse_lengths, inverse_lengths_);
    add(opened::SectionKind::vectors, vectors_.bytes());
    add(opened::SectionKind::row_of_item, built_.row_of_item);
    add(opened::SectionKind::item_of_row, built_.item_of_row);
    add(opened::SectionKind::calibration, calibration_);
    if (ids_.kind == IdKind::int64) add(opened::SectionKind::int64_ids, ids_.numbers);
    if (ids_.kind == IdKind::string) {
        add(opened::SectionKind::id_text_starts, ids_.text_starts);
        add(opened::SectionKind::id_text, ids_.text);
    }
    add(opened::SectionKind::id_order, id_order_);
    // Without them everything else is as it was, so a reader that does not know them may go on.
    add(opened::SectionKind::columns, columns_.directory, 0);
    add(opened::SectionKind::column_values, columns_.values.bytes(), 0);
    std::erase_if(all, [](const Section& section) { return section.part.bytes.empty(); });
    return all;
}

void IndexImage::write(file::Output& output) const {
    file::SectionWriter writer(output);
    for (const Section& section : sections()) {
        opened::unwrap(writer.add(section.part.kind, section.flags, section.part.bytes));
    }
    opened::unwrap(writer.finish(description()));
}

}  // namespace nearfile::build
