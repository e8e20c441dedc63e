// The reference: every kernel as its formula reads, for any processor. What it returns, bit for bit, is what the other
// files must return; the tests compare them on every run.
#include <cstring>

#include "kernels/coding.hpp"
#include "kernels/hadamard.hpp"
#include "kernels/ones.hpp"
#include "kernels/sketch_masks.hpp"
#include "kernels/tables.hpp"

namespace nearfile::kernels {
namespace {

constexpr std::size_t n_sums = 32;

template <class Element>
const Element* row_at(const Element* rows, std::size_t stride, const ItemId* ids, std::size_t j) {
    const std::size_t row = ids ? ids[j] : j;
    return reinterpret_cast<const Element*>(reinterpret_cast<const unsigned char*>(rows) + row * stride);
}

float dot_term(float q, float x) {
    return q * x;
}

float squared_term(float q, float x) {
    const float difference = q - x;
    return difference * difference;
}

float absolute_term(float q, float x) {
    const float difference = q - x;
    return difference < 0 ? -difference : difference;
}

// The fixed order of every float kernel. A sum that starts at +0 never becomes -0, so a version that adds masked-off
// zeros to it gives the same bits.
template <float (*term)(float, float)>
void float_batch(const float* query, const float* rows, std::size_t stride, const ItemId* ids, std::size_t count,
                 std::size_t dim, float* out) {
    for (std::size_t j = 0; j < count; ++j) {
        const float* row = row_at(rows, stride, ids, j);
        float sums[n_sums] = {};
        std::size_t i = 0;
        for (; i + n_sums <= dim; i += n_sums)
            for (std::size_t s = 0; s < n_sums; ++s) sums[s] += term(query[i + s], row[i + s]);
        for (std::size_t s = 0; i + s < dim; ++s) sums[s] += term(query[i + s], row[i + s]);
        for (std::size_t half = n_sums / 2; half > 0; half /= 2)
            for (std::size_t s = 0; s < half; ++s) sums[s] += sums[s + half];
        out[j] = sums[0];
    }
}

void dot_i8(const std::int8_t* query, const std::int8_t* rows, std::size_t stride, const ItemId* ids, std::size_t count,
            std::size_t dim, std::int32_t* out) {
    for (std::size_t j = 0; j < count; ++j) {
        const std::int8_t* row = row_at(rows, stride, ids, j);
        std::int32_t sum = 0;
        for (std::size_t i = 0; i < dim; ++i) sum += query[i] * row[i];
        out[j] = sum;
    }
}

void dot_i8_block(const std::int8_t* queries, std::size_t n_queries, const std::int8_t* rows, std::size_t stride,
                  std::size_t count, std::size_t dim, std::int32_t* out) {
    for (std::size_t k = 0; k < n_queries; ++k)
        dot_i8(queries + k * stride, rows, stride, nullptr, count, dim, out + k * count);
}

void squared_l2_u8(const std::uint8_t* query, const std::uint8_t* rows, std::size_t stride, const ItemId* ids,
                   std::size_t count, std::size_t dim, std::uint32_t* out) {
    for (std::size_t j = 0; j < count; ++j) {
        const std::uint8_t* row = row_at(rows, stride, ids, j);
        std::uint32_t sum = 0;
        for (std::size_t i = 0; i < dim; ++i) {
            const int difference = query[i] - row[i];
            sum += static_cast<std::uint32_t>(difference * difference);
        }
        out[j] = sum;
    }
}

void l1_u8(const std::uint8_t* query, const std::uint8_t* rows, std::size_t stride, const ItemId* ids,
           std::size_t count, std::size_t dim, std::uint32_t* out) {
    for (std::size_t j = 0; j < count; ++j) {
        const std::uint8_t* row = row_at(rows, stride, ids, j);
        std::uint32_t sum = 0;
        for (std::size_t i = 0; i < dim; ++i) {
            const int difference = query[i] - row[i];
            sum += static_cast<std::uint32_t>(difference < 0 ? -difference : difference);
        }
        out[j] = sum;
    }
}

void hamming(const std::uint64_t* query, const std::uint64_t* rows, std::size_t stride, const ItemId* ids,
             std::size_t count, std::size_t words, std::uint32_t* out) {
    for (std::size_t j = 0; j < count; ++j) {
        const std::uint64_t* row = row_at(rows, stride, ids, j);
        std::uint32_t sum = 0;
        for (std::size_t w = 0; w < words; ++w) sum += n_ones(query[w] ^ row[w]);
        out[j] = sum;
    }
}

float single_of(std::uint16_t half) {
    const std::uint32_t sign = static_cast<std::uint32_t>(half >> 15) << 31;
    const std::uint32_t exponent = (half >> 10) & 31U;
    const std::uint32_t mantissa = half & 1023U;
    std::uint32_t bits = 0;
    if (exponent == 0) {
        // Zero and denormals: mantissa * 2^-24, exact and normal in single precision.
        const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
        std::memcpy(&bits, &magnitude, sizeof bits);
    } else if (exponent == 31) {
        // Infinity, or a NaN, which becomes a quiet one as it does in hardware.
        bits = 0x7f800000U | (mantissa << 13) | (mantissa ? 0x00400000U : 0U);
    } else {
        bits = ((exponent + 127 - 15) << 23) | (mantissa << 13);
    }
    bits |= sign;
    float single;
    std::memcpy(&single, &bits, sizeof single);
    return single;
}

void half_to_float(const std::uint16_t* half, std::size_t count, float* out) {
    for (std::size_t i = 0; i < count; ++i) out[i] = single_of(half[i]);
}

void dot_u4(const std::int8_t* query, const std::uint8_t* rows, std::size_t stride, const ItemId* ids,
            std::size_t count, std::size_t blocks, std::int32_t* out) {
    for (std::size_t j = 0; j < count; ++j) {
        const std::uint8_t* row = row_at(rows, stride, ids, j);
        std::int32_t sum = 0;
        for (std::size_t b = 0; b < blocks; ++b) {
            for (std::size_t i = 0; i < 32; ++i) {
                const int pair = row[b * 32 + i];
                sum += query[b * 64 + i] * (pair & 15) + query[b * 64 + 32 + i] * (pair >> 4);
            }
        }
        out[j] = sum;
    }
}

std::size_t sketch_below(const SketchQuery& query, const SketchRow& row, float base, float threshold,
                         std::size_t n_groups, std::uint64_t* masks) {
    SketchMasks below(masks);
    const float step = row.factor_step * query.step;
    const float offset = row.factor_step * query.offset;
    for (std::size_t g = 0; g < n_groups; ++g) {
        const std::uint8_t* group = row.bits + g * query.pairs * 16;
        std::uint32_t bits = 0;
        for (std::size_t j = 0; j < 16; ++j) {
            std::uint32_t sum = 0;
            for (std::size_t p = 0; p < query.pairs; ++p) {
                const int both = group[p * 16 + j];
                sum += query.even[p * 16 + static_cast<std::size_t>(both & 15)];
                sum += query.odd[p * 16 + static_cast<std::size_t>(both >> 4)];
            }
            const std::size_t i = g * 16 + j;
            const float product = step * static_cast<float>(sum) + offset;
            const int additive = row.additive[i];
            const float added = base + row.additive_step * static_cast<float>(additive * additive);
            const float estimate = added - static_cast<float>(row.factor[i]) * product;
            bits |= estimate < threshold ? 1U << j : 0U;
        }
        below.add(bits);
    }
    return below.finish();
}

void sketch_residual(const float* vertex, const std::int8_t* code, float scale, std::size_t dim, std::uint8_t* signs,
                     float* sums) {
    float partial[3][8] = {};
    for (std::size_t i = 0; i < dim; ++i) {
        const float residual = scale * static_cast<float>(code[i]) - vertex[i];
        const bool positive = residual >= 0;
        if (i % 8 == 0) signs[i * 2] = 0;
        if (positive) signs[i / 8 * 16] = static_cast<std::uint8_t>(signs[i / 8 * 16] | 1U << (i % 8));
        partial[0][i % 8] += positive ? residual : -residual;
        partial[1][i % 8] += residual * residual;
        partial[2][i % 8] += positive ? vertex[i] : -vertex[i];
    }
    for (int which = 0; which < 3; ++which) {
        for (int half = 4; half > 0; half /= 2)
            for (int lane = 0; lane < half; ++lane) partial[which][lane] += partial[which][lane + half];
        sums[which] = partial[which][0];
    }
}

}  // namespace

const Kernels scalar_kernels = {
    "scalar",
    float_batch<dot_term>,
    float_batch<squared_term>,
    float_batch<absolute_term>,
    dot_i8,
    dot_i8_block,
    dot_u4,
    sketch_below,
    sketch_residual,
    squared_l2_u8,
    l1_u8,
    hamming,
    half_to_float,
    hadamard,
    largest_magnitude,
    round_to_i8,
    whole_u8,
    &scalar_vectors,
};

}  // namespace nearfile::kernels
