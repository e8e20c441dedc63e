#include "index/assemble.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "codes/vectors.hpp"
#include "index/kernel_choice.hpp"
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
    constexpr std::string_view version = NEARFILE_VERSION;
    static_assert(version.size() <= sizeof description.library_version);
    std::copy(version.begin(), version.end(), description.library_version.begin());
    return description;
}

base::AlignedBuffer encode_vectors(const Rows& rows, unsigned threads, const StageWatch& watch) {
    const codes::ValueKind kind = rows.kind();
    const std::size_t stride = rows.dim() * codes::bytes_per_value(kind);
    base::AlignedBuffer vectors(rows.count() * stride);
    if (!vectors.ok()) throw std::bad_alloc();
    run_blocks(
        "vectors", rows.count(), threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            for (std::uint32_t row = begin; row < end; ++row) {
                codes::encode_values(rows.floats(row), kind, vectors.data() + row * stride);
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

Assembled assemble(Metric metric, const Rows& rows, const IdList& ids, const BuildOptions& options) {
    const kernels::Kernels& kernels = chosen_kernels();
    const StageWatch watch = options.progress;
    Assembled assembled;
    assembled.ids_ = ids.table(rows.count());
    assembled.id_order_ = unwrap(sort_ids(assembled.ids_));
    assembled.coded_ = code_rows(kernels, metric, rows, options.threads, watch);
    assembled.planted_ = plant(kernels, metric, rows, assembled.coded_, options, watch);
    const bool codes_are_vectors =
        assembled.coded_.kind == CodeKind::uniform_exact || assembled.coded_.kind == CodeKind::bits;
    if (!codes_are_vectors) assembled.vectors_ = encode_vectors(rows, options.threads, watch);
    assembled.description_ = describe(metric, rows, ids, assembled.coded_, assembled.planted_, options.seed);
    return assembled;
}

file::Writer Assembled::writer() const {
    std::array<std::byte, file::description_bytes> description;
    std::memcpy(description.data(), &description_, sizeof description_);
    file::Writer writer(description);
    add(writer, SectionKind::codes, coded_.rows.bytes());
    if (description_.metric == Metric::hamming) {
        add_forest(writer, planted_.bits);
    } else {
        add_forest(writer, planted_.planes);
    }
    add(writer, SectionKind::projection, planted_.projection.rows.bytes());
    add(writer, SectionKind::projection_scales, planted_.projection.scales);
    if (description_.count > 0) add(writer, SectionKind::center, coded_.center);
    add(writer, SectionKind::vectors, vectors_.bytes());
    if (ids_.kind == IdKind::int64) add(writer, SectionKind::int64_ids, ids_.numbers);
    if (ids_.kind == IdKind::string) {
        add(writer, SectionKind::id_text_starts, ids_.text_starts);
        add(writer, SectionKind::id_text, ids_.text);
    }
    add(writer, SectionKind::id_order, id_order_);
    return writer;
}

}  // namespace nearfile::index
