#include "build/build_forest.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "base/random.hpp"
#include "build/mips_augmentation.hpp"
#include "build/stages.hpp"
#include "codes/bits.hpp"
#include "codes/scaled.hpp"
#include "codes/uniform.hpp"
#include "forest/grow.hpp"
#include "opened/seed_parts.hpp"

namespace nearfile::build {
namespace {

constexpr std::uint32_t default_trees = 32;

// Smaller leaves are purer and cost more planes: docs/algorithms/forest.md has the measurements.
constexpr std::uint32_t leaf_size = 32;

template <class SplitType, class GrowOne>
forest::Forest<SplitType> grow_all(std::uint32_t n_trees, const BuildOptions& options, const StageWatch& watch,
                                   const GrowOne& grow_one) {
    std::vector<forest::Tree<SplitType>> trees(n_trees);
    std::atomic<bool> stop{false};
    run_stage(
        "trees", n_trees, options.threads,
        [&](std::size_t tree) { trees[tree] = grow_one(base::derive_seed(options.seed, tree), stop); }, watch, stop);
    std::uint64_t nodes = 0;
    for (const auto& tree : trees) nodes += std::max(tree.splits.size(), tree.starts.size());
    if (nodes > forest::max_nodes) {
        opened::raise(ErrorCode::invalid_argument, "the forest would have more than 2^31 nodes: ask for fewer trees");
    }
    return forest::join(trees);
}

// Codes as signed bytes with a scale a row, which is what planes are made of.
struct SignedCodes {
    base::AlignedBuffer copy;  // where the codes themselves are unsigned
    const std::int8_t* rows = nullptr;
    std::size_t stride = 0;
    std::vector<float> own_scales;  // where the codes have none
    forest::Scales scales;
    std::vector<float> augmented_coordinates;

    void take_scales(std::vector<float> values) {
        own_scales = std::move(values);
        scales = {reinterpret_cast<const std::byte*>(own_scales.data()), sizeof(float)};
    }
};

SignedCodes signed_codes(const kernels::Kernels& kernels, Metric metric, const Rows& rows, const Encoded& encoded) {
    SignedCodes codes;
    const std::uint32_t count = rows.count();
    if (encoded.kind == opened::CodeKind::scaled) {
        const codes::ScaledLayout layout(rows.dim());
        codes.rows = encoded.rows.as<const std::int8_t>().data();
        codes.stride = layout.stride;
        codes.scales = {encoded.rows.data() + layout.tail + offsetof(codes::ScaledTail, scale), layout.stride};
        if (metric == Metric::dot)
            codes.augmented_coordinates = augmented_coordinates(kernels, layout, count, encoded.rows.data());
        return codes;
    }
    const codes::UniformLayout layout(rows.dim(), encoded.kind == opened::CodeKind::uniform_exact);
    codes.copy = base::allocate(encoded.rows.size());
    const auto from = encoded.rows.bytes();
    const auto to = codes.copy.bytes();
    for (std::size_t i = 0; i < from.size(); ++i) to[i] = from[i] ^ std::byte{0x80};  // minus 128
    codes.rows = codes.copy.as<const std::int8_t>().data();
    codes.stride = layout.stride;
    codes.take_scales(std::vector<float>(count, encoded.scale));
    return codes;
}

// The codes of what planes see: projected, and coded again.
SignedCodes project(const kernels::Kernels& kernels, const SignedCodes& codes, std::uint32_t count,
                    const codes::Projection& projection, unsigned threads, const StageWatch& watch) {
    const std::size_t dim = projection.dim;
    SignedCodes projected;
    projected.copy = base::allocate(count * codes::projected_dim);
    projected.stride = codes::projected_dim;
    std::vector<float> scales(count);
    projected.augmented_coordinates = codes.augmented_coordinates;
    const auto to = projected.copy.as<std::int8_t>();
    projected.rows = to.data();
    run_blocks(
        "projection", count, threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            std::vector<std::int8_t> padded((dim + 63) / 64 * 64);
            std::vector<float> values(codes::projected_dim);
            codes::ScaledQuery encoded(codes::projected_dim);
            for (std::uint32_t row = begin; row < end; ++row) {
                // Kernels take queries from -127; the one step less does not matter to a plane.
                const std::int8_t* code = codes.rows + row * codes.stride;
                for (std::size_t i = 0; i < dim; ++i) padded[i] = std::max(code[i], std::int8_t{-127});
                projection.apply(kernels, padded.data(), codes.scales[row], values);
                encoded.set(kernels, values);
                scales[row] = encoded.tail().scale;
                std::copy_n(encoded.code(), codes::projected_dim, to.data() + row * codes::projected_dim);
            }
        },
        watch);
    projected.take_scales(std::move(scales));
    return projected;
}

}  // namespace

BuiltForest build_forest(const kernels::Kernels& kernels, Metric metric, const Rows& rows, const Encoded& encoded,
                         const BuildOptions& options, const StageWatch& watch) {
    const bool bits = metric == Metric::hamming;
    BuiltForest built_forest{.leaf_size = leaf_size,
                             .n_trees = options.n_trees == 0 ? default_trees : options.n_trees,
                             .plane_dim = bits ? 0 : static_cast<std::uint32_t>(codes::plane_dim(rows.dim())),
                             .projection = {},
                             .planes = {},
                             .bits = {}};
    if (rows.count() == 0) return built_forest;
    if (bits) {
        const std::size_t words = codes::words_of(rows.dim());
        const forest::BitPoints points{encoded.rows.as<std::uint64_t>(), words, rows.dim(), rows.count()};
        built_forest.bits = grow_all<forest::BitSplit>(
            built_forest.n_trees, options, watch,
            [&](std::uint64_t seed, auto& stop) { return forest::grow(points, {built_forest.leaf_size, seed}, stop); });
        return built_forest;
    }
    SignedCodes codes = signed_codes(kernels, metric, rows, encoded);
    if (built_forest.plane_dim < rows.dim()) {
        const auto decode = [&](std::uint32_t row, std::span<float> out) {
            const std::int8_t* code = codes.rows + row * codes.stride;
            for (std::size_t i = 0; i < out.size(); ++i) out[i] = codes.scales[row] * static_cast<float>(code[i]);
        };
        built_forest.projection = codes::train_projection(
            kernels, sample_rows(rows.count(), rows.dim(), decode), rows.dim(), built_forest.plane_dim,
            opened::derive_seed(options.seed, opened::SeedPart::projection), options.threads);
        codes = project(kernels, codes, rows.count(), built_forest.projection.view(rows.dim()), options.threads, watch);
    }
    const forest::Points points{
        codes.rows, codes.stride, codes.scales, codes.augmented_coordinates, built_forest.plane_dim, rows.count()};
    built_forest.planes =
        grow_all<forest::Split>(built_forest.n_trees, options, watch, [&](std::uint64_t seed, auto& stop) {
            return forest::grow(kernels, points, {built_forest.leaf_size, seed}, stop);
        });
    return built_forest;
}

}  // namespace nearfile::build
