#include "build/build_index.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <string_view>
#include <vector>

#include "attributes/encode.hpp"
#include "base/trim.hpp"
#include "build/build_forest.hpp"
#include "build/build_graph.hpp"
#include "build/calibration.hpp"
#include "build/encode.hpp"
#include "build/given_candidates.hpp"
#include "build/stages.hpp"
#include "codes/normalise.hpp"
#include "codes/vectors.hpp"
#include "file/advice.hpp"
#include "file/section_writer.hpp"
#include "nearfile/version.hpp"
#include "opened/kernel_choice.hpp"
#include "opened/state.hpp"

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
    if (built.sketched_dim < built.walk_dim) description.sketch_dim = built.sketched_dim;
    description.space = built.space;
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
            std::vector<float> scratch(rows.dim());
            for (std::uint32_t row = begin; row < end; ++row) {
                const auto values = rows.floats(row, scratch);
                inverse_lengths[item_of_row.empty() ? row : item_of_row[row]] = codes::inverse_length(kernels, values);
            }
        },
        watch);
    return inverse_lengths;
}

// The vectors, and of those in parts one part, as rows of a section. Item i is row order[i], or row i where `order` is
// empty.
RowSource vector_rows(const Rows& rows, std::span<const std::uint32_t> order) {
    const codes::ValueKind kind = rows.kind();
    const std::size_t stride = rows.dim() * codes::bytes_per_value(kind);
    return {"vectors", rows.count(), stride,
            [&rows, order, kind, stride](std::uint32_t begin, std::uint32_t end, std::byte* out) {
                std::vector<float> scratch(rows.dim());
                for (std::uint32_t row = begin; row < end; ++row, out += stride) {
                    codes::encode_values(rows.floats(order.empty() ? row : order[row], scratch), kind, out);
                }
            }};
}

RowSource rows_of_part(const Rows& rows, bool upper) {
    const std::size_t stride = std::size_t{rows.dim()} * 2;
    return {"vectors", rows.count(), stride,
            [&rows, upper, stride](std::uint32_t begin, std::uint32_t end, std::byte* out) {
                std::vector<float> scratch(rows.dim());
                std::vector<std::byte> other(stride);
                for (std::uint32_t row = begin; row < end; ++row, out += stride) {
                    codes::encode_parts(rows.floats(row, scratch), upper ? out : other.data(),
                                        upper ? other.data() : out);
                }
            }};
}

class IndexBuilder {
public:
    IndexBuilder(const Material& material, const BuildOptions& options, file::Output& output)
        : metric_(material.metric),
          rows_(material.rows),
          material_(material),
          options_(options),
          threads_(options.threads),
          kernels_(opened::chosen_kernels()),
          watch_(counted_on(options.progress)),
          writer_(output) {}

    void run() {
        ids_ = material_.ids.table(rows_.count());
        id_order_ = opened::unwrap(opened::sort_ids(ids_));
        if (options_.structure == Structure::graph) {
            build_graph_sections();
        } else {
            build_forest_sections();
        }
        add_ids();
        add_columns();
        opened::unwrap(writer_.finish(description_bytes()));
    }

private:
    template <class T>
    void add(opened::SectionKind kind, const T& values, std::uint32_t flags = file::flag_required) {
        opened::unwrap(writer_.add(static_cast<std::uint32_t>(kind), flags, std::as_bytes(std::span(values))));
    }

    template <class SplitType>
    void add_forest(const forest::Forest<SplitType>& forest) {
        add(opened::SectionKind::roots, forest.roots);
        add(opened::SectionKind::splits, forest.splits);
        add(opened::SectionKind::planes, forest.planes);
        add(opened::SectionKind::leaf_starts, forest.starts);
        add(opened::SectionKind::leaf_items, forest.items);
    }

    // Of one kind of trees there are none.
    template <class Built>
    void add_trees(const Built& built) {
        if (metric_ == Metric::hamming) {
            add_forest(built.bits);
        } else {
            add_forest(built.planes);
        }
        add(opened::SectionKind::projection, built.projection.rows.bytes());
        add(opened::SectionKind::projection_scales, built.projection.scales);
    }

    void add_center(const Encoded& encoded) {
        if (rows_.count() > 0) add(opened::SectionKind::center, encoded.center);
    }

    // Rows in the order of items: `rows_in` makes them in the order that it is given. Within a given memory they are
    // made as they were added and then brought into that order, because those of neighbouring items lie anywhere.
    template <class RowsIn>
    void add_rows(opened::SectionKind kind, const BuiltGraph& built, const RowsIn& rows_in) {
        if (material_.session == nullptr) {
            to_section(rows_in(std::span<const std::uint32_t>(built.row_of_item)), kind, writer_, threads_, watch_);
        } else {
            add(kind, made_and_ordered(rows_in({}), built).bytes());
        }
    }

    base::AlignedBuffer made_and_ordered(const RowSource& rows, const BuiltGraph& built) {
        const base::AlignedBuffer made = to_memory(rows, threads_, watch_);
        return in_item_order(made.bytes(), rows.stride, built, threads_, watch_);
    }

    // In parts where there are no codes, as opened/open.cpp has it.
    void add_vectors(bool in_parts, const BuiltGraph& built) {
        add(opened::SectionKind::inverse_lengths,
            inverse_lengths_of(kernels_, metric_, rows_, built.item_of_row, threads_, watch_));
        if (!in_parts || rows_.kind() != codes::ValueKind::float32) {
            add_rows(opened::SectionKind::vectors, built,
                     [this](std::span<const std::uint32_t> order) { return vector_rows(rows_, order); });
        } else if (material_.session == nullptr) {
            add_vectors_in_parts(built.row_of_item);
        } else {
            const std::uint64_t part = std::uint64_t{rows_.count()} * rows_.dim() * 2;
            opened::unwrap(
                writer_.begin(static_cast<std::uint32_t>(opened::SectionKind::vectors), file::flag_required, 2 * part));
            for (const bool upper : {true, false}) {
                const base::AlignedBuffer ordered = made_and_ordered(rows_of_part(rows_, upper), built);
                opened::unwrap(writer_.put(upper ? 0 : part, ordered.bytes()));
            }
            opened::unwrap(writer_.end());
        }
    }

    void add_vectors_in_parts(std::span<const std::uint32_t> order) {
        const std::size_t stride = std::size_t{rows_.dim()} * 2;
        const std::uint64_t part = rows_.count() * stride;
        const auto kind = static_cast<std::uint32_t>(opened::SectionKind::vectors);
        opened::unwrap(writer_.begin(kind, file::flag_required, 2 * part));
        run_blocks(
            "vectors", rows_.count(), threads_,
            [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
                const std::size_t n_bytes = (end - begin) * stride;
                std::vector<std::byte> both(2 * n_bytes);
                std::vector<float> scratch(rows_.dim());
                for (std::uint32_t row = begin; row < end; ++row) {
                    std::byte* const upper = both.data() + (row - begin) * stride;
                    codes::encode_parts(rows_.floats(order.empty() ? row : order[row], scratch), upper,
                                        upper + n_bytes);
                }
                opened::unwrap(writer_.put(begin * stride, std::span(both).first(n_bytes)));
                opened::unwrap(writer_.put(part + begin * stride, std::span(both).subspan(n_bytes)));
            },
            watch_);
        opened::unwrap(writer_.end());
    }

    void build_forest_sections() {
        Encoded encoded = encode_rows(kernels_, metric_, rows_, threads_, watch_);
        BuiltForest built = build_forest(kernels_, metric_, rows_, encoded, options_, watch_);
        description_ = describe(metric_, rows_, material_.ids, encoded, built, options_.seed);
        add(opened::SectionKind::codes, encoded.rows.bytes());
        encoded.rows = {};
        add_trees(built);
        built = {};
        add_center(encoded);
        if (!encoded.are_vectors()) {
            add(opened::SectionKind::inverse_lengths,
                inverse_lengths_of(kernels_, metric_, rows_, {}, threads_, watch_));
            to_section(vector_rows(rows_, {}), opened::SectionKind::vectors, writer_, threads_, watch_);
        }
    }

    void build_graph_sections() {
        const bool scaled = codes_are_scaled(metric_, rows_);
        Encoded encoded = codes_to_build_by(scaled);
        const GivenCandidates given(kernels_, rows_, ids_, options_.candidates, material_.like, threads_, watch_);
        BuiltGraph built = build_graph(kernels_, metric_, rows_, encoded, material_.queries, given, options_, writer_,
                                       material_.session, watch_);
        add_codes(built, encoded, scaled);
        add_trees(built);
        add(opened::SectionKind::whitening, built.whitening);
        add_center(encoded);
        if (!encoded.are_vectors() && options_.keep != Keep::none) {
            // A page of `compact` may have to come from disk, and is better off with all of a vector.
            const bool in_parts = encoded.kind == opened::CodeKind::none && options_.profile != Profile::compact;
            add_vectors(in_parts, built);
        }
        add(opened::SectionKind::row_of_item, built.row_of_item);
        add(opened::SectionKind::item_of_row, built.item_of_row);
        description_ = describe(metric_, rows_, material_.ids, encoded, {}, options_.seed);
        describe_graph(built, options_, description_);
        row_of_item_ = std::move(built.row_of_item);
        built.item_of_row = {};
        add_calibration(built);
    }

    // Scaled ones are made when it is known whether the walk leaves any use for them, and bytes are as near as the
    // rows. Codes that are the vectors need no center, but what the walk sees is better off around the mean. Inner
    // products change when the origin moves.
    Encoded codes_to_build_by(bool scaled) {
        Encoded encoded;
        if (!scaled && metric_ != Metric::euclidean) {
            encoded = encode_rows(kernels_, metric_, rows_, threads_, watch_);
        } else if (scaled) {
            encoded.kind = opened::CodeKind::none;
        } else {
            encoded.kind = opened::CodeKind::uniform_exact;
            encoded.scale = 1.0f;
        }
        if ((scaled && metric_ != Metric::dot) || encoded.kind == opened::CodeKind::uniform_exact) {
            encoded.center = mean_of_rows(kernels_, metric_, rows_, threads_, watch_);
        }
        return encoded;
    }

    void add_codes(const BuiltGraph& built, Encoded& encoded, bool scaled) {
        if (built.splits) encoded.kind = opened::CodeKind::split;
        if (encoded.rows.size() > 0) {
            add(opened::SectionKind::codes, encoded.rows.bytes());
            encoded.rows = {};
        } else if (encoded.kind == opened::CodeKind::uniform_exact) {
            add_rows(opened::SectionKind::codes, built,
                     [this](std::span<const std::uint32_t> order) { return exact_codes(rows_, order); });
        } else if (built.want_codes && scaled) {
            encoded.kind = opened::CodeKind::scaled;
            add_rows(opened::SectionKind::codes, built, [&](std::span<const std::uint32_t> order) {
                return scaled_codes(kernels_, metric_, rows_, encoded.center, order);
            });
        }
    }

    // Of the sections as they were written, and of ids where they are.
    void add_calibration(BuiltGraph& built) {
        base::trim_heap();
        const auto written = opened::unwrap(writer_.written());
        std::vector<file::Container::Part> parts = written.parts;
        if (material_.session != nullptr) {
            for (const auto& part : parts) file::expect_random(part.bytes);
        }
        const auto also = [&parts](opened::SectionKind kind, const auto& values) {
            const auto bytes = std::as_bytes(std::span(values));
            if (!bytes.empty()) parts.push_back({static_cast<std::uint32_t>(kind), bytes});
        };
        also(opened::SectionKind::int64_ids, ids_.numbers);
        also(opened::SectionKind::id_text_starts, ids_.text_starts);
        also(opened::SectionKind::id_text, ids_.text);
        also(opened::SectionKind::id_order, id_order_);
        Calibration calibration;
        {
            const auto state = opened::open_parts(file::Container::of_parts(description_bytes(), std::move(parts)));
            const bool items_will_do = built.likely_queries.empty();
            const CalibrationQueries likely =
                items_will_do ? items_as_queries(*state)
                              : CalibrationQueries{std::move(built.likely_queries), {}, built.made_up};
            calibration = calibrate(*state, likely, threads_, watch_);
        }
        add(opened::SectionKind::calibration, calibration.points);
        // What the queries of an open index are compared with: users' own, or items.
        if (!built.made_up) description_.calibrated_nearest = calibration.nearest;
    }

    void add_ids() {
        if (ids_.kind == IdKind::int64) add(opened::SectionKind::int64_ids, ids_.numbers);
        if (ids_.kind == IdKind::string) {
            add(opened::SectionKind::id_text_starts, ids_.text_starts);
            add(opened::SectionKind::id_text, ids_.text);
        }
        add(opened::SectionKind::id_order, id_order_);
    }

    // Without them everything else is as it was, so a reader that does not know them may go on.
    void add_columns() {
        if (material_.columns.empty()) return;
        const attributes::EncodedColumns columns =
            attributes::encode(material_.columns, rows_.count(), row_of_item_,
                               [&](std::size_t n, const std::function<void(std::size_t)>& task) {
                                   std::atomic<bool> stop{false};
                                   run_stage("attributes", n, threads_, task, watch_, stop);
                               });
        add(opened::SectionKind::columns, columns.directory, 0);
        add(opened::SectionKind::column_values, columns.values.bytes(), 0);
    }

    std::span<const std::byte, file::description_bytes> description_bytes() const {
        return std::as_bytes(std::span<const opened::Description, 1>(&description_, 1));
    }

    const Metric metric_;
    const Rows& rows_;
    const Material& material_;
    const BuildOptions& options_;
    const unsigned threads_;
    const kernels::Kernels& kernels_;
    const StageWatch watch_;
    file::SectionWriter writer_;
    opened::Description description_{};
    opened::IdTable ids_;
    std::vector<std::uint32_t> id_order_;
    std::vector<std::uint32_t> row_of_item_;  // of a graph
};

}  // namespace

void build_index(const Material& material, const BuildOptions& options, file::Output& output) {
    IndexBuilder(material, options, output).run();
}

}  // namespace nearfile::build
