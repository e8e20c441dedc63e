#include "build/encode.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "build/stages.hpp"
#include "build/typical_rows.hpp"
#include "codes/bits.hpp"
#include "codes/normalise.hpp"
#include "codes/scaled.hpp"
#include "codes/uniform.hpp"

namespace nearfile::build {
namespace {

Encoded encode_bit_rows(const Rows& rows, unsigned threads, const StageWatch& watch) {
    const std::size_t row_bytes = codes::words_of(rows.dim()) * sizeof(std::uint64_t);
    Encoded coded;
    coded.kind = opened::CodeKind::bits;
    coded.rows = base::allocate(rows.count() * row_bytes);
    run_blocks(
        "codes", rows.count(), threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            for (std::uint32_t row = begin; row < end; ++row) {
                const auto words = std::as_bytes(rows.words(row));
                std::copy(words.begin(), words.end(), coded.rows.data() + row * row_bytes);
            }
        },
        watch);
    return coded;
}

// What half of a sample of rows lose at most to codes that reach `reach` to either side of the center: what lies beyond
// is cut, and half a step is rounded away at most.
float usual_loss(std::span<const float> sample, std::span<const float> center, float reach) {
    const std::size_t dim = center.size();
    std::vector<float> losses;
    for (std::size_t start = 0; start < sample.size(); start += dim) {
        float loss = 0;
        for (std::size_t i = 0; i < dim; ++i) {
            loss += std::max(std::fabs(sample[start + i] - center[i]) - reach, 0.0f);
        }
        losses.push_back(loss);
    }
    const auto middle = losses.begin() + static_cast<std::ptrdiff_t>(losses.size() / 2);
    std::nth_element(losses.begin(), middle, losses.end());
    return *middle + static_cast<float>(dim) * reach / 512.0f;
}

struct Ranges {
    std::vector<float> low;
    std::vector<float> high;

    void take(std::span<const float> least, std::span<const float> greatest) noexcept {
        for (std::size_t i = 0; i < low.size(); ++i) {
            low[i] = std::min(low[i], least[i]);
            high[i] = std::max(high[i], greatest[i]);
        }
    }
};

// Of each dimension.
Ranges ranges_of(const Rows& rows, unsigned threads, const StageWatch& watch) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const Ranges none{std::vector<float>(rows.dim(), infinity), std::vector<float>(rows.dim(), -infinity)};
    std::vector<Ranges> blocks(n_blocks(rows.count()), none);
    run_blocks(
        "codes", rows.count(), threads,
        [&](std::size_t block, std::uint32_t begin, std::uint32_t end) {
            std::vector<float> scratch(rows.dim());
            for (std::uint32_t row = begin; row < end; ++row) {
                const auto values = rows.floats(row, scratch);
                blocks[block].take(values, values);
            }
        },
        watch);
    Ranges all = none;
    for (const Ranges& each : blocks) all.take(each.low, each.high);
    return all;
}

// The center such that code 128 of 256 steps over every dimension's range stands for it; the widest range sets the
// step. Where that is much wider than what most rows need, the range is around the median, and what lies beyond is cut:
// an error of its rows alone.
void fit_uniform(const kernels::Kernels& kernels, const Rows& rows, Encoded& encoded, unsigned threads,
                 const StageWatch& watch) {
    const std::size_t dim = rows.dim();
    const auto [low, high] = ranges_of(rows, threads, watch);
    float widest = 0;
    for (std::size_t i = 0; i < dim; ++i) widest = std::max(widest, high[i] - low[i]);
    encoded.center.resize(dim);
    for (std::size_t i = 0; i < dim; ++i) encoded.center[i] = low[i] + widest * (128.0f / 255.0f);
    constexpr float smallest = std::numeric_limits<float>::min() * 255.0f;
    if (rows.count() > 0 && widest > smallest) {
        constexpr float much = 0.5f;
        const TypicalRows typical(kernels, Metric::manhattan, rows);
        const auto sample =
            sample_rows(rows.count(), dim, [&](std::uint32_t row, std::span<float> values) { rows.copy(row, values); });
        float least = much * usual_loss(sample, encoded.center, widest / 2);
        const float whole = widest;
        for (float narrower = whole / 2; narrower > std::max(smallest, whole * 1e-30f); narrower /= 2) {
            const float loss = usual_loss(sample, typical.median(), narrower / 2);
            if (loss >= least) continue;
            least = loss;
            widest = narrower;
        }
        if (widest < whole) encoded.center.assign(typical.median().begin(), typical.median().end());
    }
    encoded.scale = widest > smallest ? widest / 255.0f : 1.0f;
}

RowSource uniform_codes(const Rows& rows, const codes::UniformScale& scale, const codes::UniformLayout& layout,
                        std::span<const std::uint32_t> order) {
    return {"codes", rows.count(), layout.stride,
            [&rows, scale, layout, order](std::uint32_t begin, std::uint32_t end, std::byte* out) {
                std::vector<float> scratch(rows.dim());
                for (std::uint32_t row = begin; row < end; ++row, out += layout.stride) {
                    const auto values = rows.floats(order.empty() ? row : order[row], scratch);
                    codes::encode_uniform(values, scale, layout, out);
                }
            }};
}

Encoded encode_uniform_rows(const kernels::Kernels& kernels, const Rows& rows, bool exact, unsigned threads,
                            const StageWatch& watch) {
    Encoded coded;
    coded.kind = exact ? opened::CodeKind::uniform_exact : opened::CodeKind::uniform;
    std::vector<float> offsets;
    if (exact) {
        coded.scale = 1.0f;
        coded.center.assign(rows.dim(), 128.0f);
    } else {
        fit_uniform(kernels, rows, coded, threads, watch);
        offsets = coded.center;
        for (float& offset : offsets) offset -= 128.0f * coded.scale;  // as the reader will
    }
    const codes::UniformLayout layout(rows.dim(), exact);
    coded.rows = to_memory(uniform_codes(rows, {offsets, coded.scale}, layout, {}), threads, watch);
    return coded;
}

}  // namespace

bool load_row(const kernels::Kernels& kernels, Metric metric, const Rows& rows, std::uint32_t row,
              std::span<float> out) {
    rows.copy(row, out);
    if (metric != Metric::angular && metric != Metric::cosine) return true;
    return codes::normalise(kernels, out);
}

bool codes_are_scaled(Metric metric, const Rows& rows) {
    const bool bytes = rows.count() > 0 && rows.kind() == codes::ValueKind::uint8;
    return metric != Metric::hamming && metric != Metric::manhattan && !(metric == Metric::euclidean && bytes);
}

std::vector<float> mean_of_rows(const kernels::Kernels& kernels, Metric metric, const Rows& rows, unsigned threads,
                                const StageWatch& watch) {
    const std::size_t dim = rows.dim();
    const TypicalRows typical(kernels, metric, rows);
    std::vector<std::vector<double>> sums(n_blocks(rows.count()));
    std::vector<std::uint32_t> counts(sums.size());
    run_blocks(
        "center", rows.count(), threads,
        [&](std::size_t block, std::uint32_t begin, std::uint32_t end) {
            std::vector<double> sum(dim, 0.0);
            std::vector<float> values(dim);
            for (std::uint32_t row = begin; row < end; ++row) {
                load_row(kernels, metric, rows, row, values);
                if (typical.is_far_out(values)) continue;
                for (std::size_t i = 0; i < dim; ++i) sum[i] += values[i];
                ++counts[block];
            }
            sums[block] = std::move(sum);
        },
        watch);
    const std::uint32_t count = std::accumulate(counts.begin(), counts.end(), 0u);
    std::vector<float> mean(dim);
    for (std::size_t i = 0; i < dim; ++i) {
        double sum = 0;
        for (const auto& block : sums) sum += block[i];
        mean[i] = static_cast<float>(sum / std::max(1u, count));
    }
    return mean;
}

RowSource scaled_codes(const kernels::Kernels& kernels, Metric metric, const Rows& rows, std::span<const float> center,
                       std::span<const std::uint32_t> order) {
    const codes::ScaledLayout layout(rows.dim());
    return {"codes", rows.count(), layout.stride,
            [&kernels, metric, &rows, center, order, layout](std::uint32_t begin, std::uint32_t end, std::byte* out) {
                std::vector<float> values(rows.dim());
                for (std::uint32_t row = begin; row < end; ++row, out += layout.stride) {
                    if (!load_row(kernels, metric, rows, order.empty() ? row : order[row], values)) {
                        codes::encode_directionless(layout, out);
                        continue;
                    }
                    for (std::size_t i = 0; i < center.size(); ++i) values[i] -= center[i];
                    codes::encode_scaled(kernels, values, layout, out);
                }
            }};
}

RowSource exact_codes(const Rows& rows, std::span<const std::uint32_t> order) {
    return uniform_codes(rows, {{}, 1.0f}, codes::UniformLayout(rows.dim(), true), order);
}

Encoded encode_rows(const kernels::Kernels& kernels, Metric metric, const Rows& rows, unsigned threads,
                    const StageWatch& watch) {
    const bool bytes = rows.count() > 0 && rows.kind() == codes::ValueKind::uint8;
    switch (metric) {
        case Metric::hamming:
            return encode_bit_rows(rows, threads, watch);
        case Metric::manhattan:
            return encode_uniform_rows(kernels, rows, bytes, threads, watch);
        case Metric::euclidean:
            if (bytes) return encode_uniform_rows(kernels, rows, true, threads, watch);
            break;
        default:
            break;
    }
    // Inner products change when the origin moves.
    Encoded coded;
    if (metric != Metric::dot) coded.center = mean_of_rows(kernels, metric, rows, threads, watch);
    coded.rows = to_memory(scaled_codes(kernels, metric, rows, coded.center, {}), threads, watch);
    return coded;
}

}  // namespace nearfile::build
