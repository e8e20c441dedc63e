#include "build/select_space.hpp"

#include <vector>

#include "base/random.hpp"
#include "build/encode.hpp"
#include "build/stages.hpp"
#include "opened/seed_parts.hpp"

namespace nearfile::build {
namespace {

// A projection that keeps less of the variance costs more recall than it saves bytes.
constexpr double least_variance_kept = 0.85;
constexpr std::size_t most_rotated_dim = 2048;

double variance_kept(const kernels::Kernels& kernels, const opened::Space& space, std::span<const float> sample,
                     std::size_t dim) {
    codes::ScaledQuery whole(dim);
    std::vector<float> seen(space.dim());
    double all = 0;
    double kept = 0;
    for (std::size_t start = 0; start < sample.size(); start += dim) {
        const auto values = sample.subspan(start, dim);
        whole.set(values);
        space.apply(kernels, values, whole, seen);
        for (const float value : values) all += static_cast<double>(value) * value;
        for (const float value : seen) kept += static_cast<double>(value) * value;
    }
    return all > 0 ? kept / all : 1.0;
}

// A row less the center, as the codes see it.
void load_centered(const kernels::Kernels& kernels, Metric metric, const Rows& rows, std::span<const float> center,
                   std::uint32_t row, std::span<float> values) {
    load_row(kernels, metric, rows, row, values);
    for (std::size_t i = 0; i < center.size(); ++i) values[i] -= center[i];
}

// On so many rows at most, evenly spread: more do not change directions by much.
constexpr std::uint32_t most_moments = 131072;

codes::TrainedWhitening train(const kernels::Kernels& kernels, Metric metric, const Rows& rows,
                              std::span<const float> center, unsigned threads, const StageWatch& watch) {
    const std::uint32_t step = (rows.count() + most_moments - 1) / most_moments;
    const std::uint32_t wanted = (rows.count() + step - 1) / step;
    std::vector<codes::SecondMoments> parts(n_blocks(wanted), codes::SecondMoments(rows.dim()));
    run_blocks(
        "space", wanted, threads,
        [&](std::size_t block, std::uint32_t begin, std::uint32_t end) {
            std::vector<float> values(rows.dim());
            for (std::uint32_t i = begin; i < end; ++i) {
                load_centered(kernels, metric, rows, center, i * step, values);
                parts[block].add(values);
            }
        },
        watch);
    for (std::size_t block = 1; block < parts.size(); ++block) parts[0].add(parts[block]);
    return codes::train_whitening(parts[0]);
}

}  // namespace

SelectedSpace select_space(const kernels::Kernels& kernels, Metric metric, const Rows& rows,
                           std::span<const float> center, bool sketched, std::uint64_t seed, unsigned threads,
                           const StageWatch& watch) {
    const std::size_t dim = rows.dim();
    const std::uint64_t rotation_seed = opened::derive_seed(seed, opened::SeedPart::rotation);
    SelectedSpace selected;
    if (metric == Metric::dot && dim <= opened::max_whitened_dim && rows.count() > 0) {
        selected.whitening = train(kernels, metric, rows, center, threads, watch);
        selected.space = opened::Space(dim, selected.whitening.factor, selected.whitening.inverse, rotation_seed);
        return selected;
    }
    if (dim <= codes::projected_dim || rows.count() == 0) {
        selected.space = sketched ? opened::Space(dim, rotation_seed) : opened::Space(dim);
        return selected;
    }
    const std::vector<float> sample = sample_rows(rows.count(), dim, [&](std::uint32_t row, std::span<float> values) {
        load_centered(kernels, metric, rows, center, row, values);
    });
    selected.projection =
        codes::train_projection(kernels, sample, dim, opened::derive_seed(seed, opened::SeedPart::projection));
    selected.space =
        opened::Space(codes::Projection{selected.projection.rows.as<std::int8_t>(), selected.projection.scales, dim});
    if (sketched && dim <= most_rotated_dim &&
        variance_kept(kernels, selected.space, sample, dim) < least_variance_kept) {
        selected = {opened::Space(dim, rotation_seed), {}, {}};
    }
    return selected;
}

}  // namespace nearfile::build
