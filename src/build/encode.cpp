#include "build/encode.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "build/stages.hpp"
#include "codes/bits.hpp"
#include "codes/normalise.hpp"
#include "codes/scaled.hpp"
#include "codes/uniform.hpp"

namespace nearfile::build {
namespace {

Encoded encode_bit_rows(const Rows& rows) {
    const std::size_t row_bytes = codes::words_of(rows.dim()) * sizeof(std::uint64_t);
    Encoded coded;
    coded.kind = opened::CodeKind::bits;
    coded.rows = base::allocate(rows.count() * row_bytes);
    for (std::uint32_t row = 0; row < rows.count(); ++row) {
        const auto words = std::as_bytes(rows.words(row));
        std::copy(words.begin(), words.end(), coded.rows.data() + row * row_bytes);
    }
    return coded;
}

// The center such that code 128 of 256 steps over every dimension's range stands for it; the widest range sets the
// step.
void fit_uniform(const Rows& rows, Encoded& coded) {
    const std::size_t dim = rows.dim();
    std::vector<float> low(dim, std::numeric_limits<float>::infinity());
    std::vector<float> high(dim, -std::numeric_limits<float>::infinity());
    for (std::uint32_t row = 0; row < rows.count(); ++row) {
        const auto values = rows.floats(row);
        for (std::size_t i = 0; i < dim; ++i) {
            low[i] = std::min(low[i], values[i]);
            high[i] = std::max(high[i], values[i]);
        }
    }
    float widest = 0;
    for (std::size_t i = 0; i < dim; ++i) widest = std::max(widest, high[i] - low[i]);
    coded.scale = widest > std::numeric_limits<float>::min() * 255.0f ? widest / 255.0f : 1.0f;
    coded.center.resize(dim);
    for (std::size_t i = 0; i < dim; ++i) coded.center[i] = low[i] + 128.0f * coded.scale;
}

Encoded encode_uniform_rows(const Rows& rows, bool exact, unsigned threads, const StageWatch& watch) {
    Encoded coded;
    coded.kind = exact ? opened::CodeKind::uniform_exact : opened::CodeKind::uniform;
    std::vector<float> offsets;
    if (exact) {
        coded.scale = 1.0f;
        coded.center.assign(rows.dim(), 128.0f);
    } else {
        fit_uniform(rows, coded);
        offsets = coded.center;
        for (float& offset : offsets) offset -= 128.0f * coded.scale;  // as the reader will
    }
    const codes::UniformLayout layout(rows.dim(), exact);
    const codes::UniformScale scale{offsets, coded.scale};
    coded.rows = base::allocate(rows.count() * layout.stride);
    run_blocks(
        "codes", rows.count(), threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            for (std::uint32_t row = begin; row < end; ++row) {
                codes::encode_uniform(rows.floats(row), scale, layout, coded.rows.data() + row * layout.stride);
            }
        },
        watch);
    return coded;
}

}  // namespace

bool load_row(const kernels::Kernels& kernels, Metric metric, const Rows& rows, std::uint32_t row,
              std::span<float> out) {
    const auto values = rows.floats(row);
    std::copy(values.begin(), values.end(), out.begin());
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
    std::vector<std::vector<double>> sums(n_blocks(rows.count()));
    run_blocks(
        "center", rows.count(), threads,
        [&](std::size_t block, std::uint32_t begin, std::uint32_t end) {
            std::vector<double> sum(dim, 0.0);
            std::vector<float> values(dim);
            for (std::uint32_t row = begin; row < end; ++row) {
                load_row(kernels, metric, rows, row, values);
                for (std::size_t i = 0; i < dim; ++i) sum[i] += values[i];
            }
            sums[block] = std::move(sum);
        },
        watch);
    std::vector<float> mean(dim);
    for (std::size_t i = 0; i < dim; ++i) {
        double sum = 0;
        for (const auto& block : sums) sum += block[i];
        mean[i] = static_cast<float>(sum / std::max(1u, rows.count()));
    }
    return mean;
}

Encoded encode_scaled_rows(const kernels::Kernels& kernels, Metric metric, const Rows& rows, std::vector<float> center,
                           unsigned threads, const StageWatch& watch) {
    Encoded coded;
    coded.center = std::move(center);
    const codes::ScaledLayout layout(rows.dim());
    coded.rows = base::allocate(rows.count() * layout.stride);
    run_blocks(
        "codes", rows.count(), threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            std::vector<float> values(rows.dim());
            for (std::uint32_t row = begin; row < end; ++row) {
                std::byte* out = coded.rows.data() + row * layout.stride;
                if (!load_row(kernels, metric, rows, row, values)) {
                    codes::encode_directionless(layout, out);
                    continue;
                }
                for (std::size_t i = 0; i < coded.center.size(); ++i) values[i] -= coded.center[i];
                codes::encode_scaled(values, layout, out);
            }
        },
        watch);
    return coded;
}

Encoded encode_rows(const kernels::Kernels& kernels, Metric metric, const Rows& rows, unsigned threads,
                    const StageWatch& watch) {
    const bool bytes = rows.count() > 0 && rows.kind() == codes::ValueKind::uint8;
    switch (metric) {
        case Metric::hamming:
            return encode_bit_rows(rows);
        case Metric::manhattan:
            return encode_uniform_rows(rows, bytes, threads, watch);
        case Metric::euclidean:
            if (bytes) return encode_uniform_rows(rows, true, threads, watch);
            break;
        default:
            break;
    }
    // Inner products change when the origin moves.
    std::vector<float> center;
    if (metric != Metric::dot) center = mean_of_rows(kernels, metric, rows, threads, watch);
    return encode_scaled_rows(kernels, metric, rows, std::move(center), threads, watch);
}

}  // namespace nearfile::build
