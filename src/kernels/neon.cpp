// Kernels for 64-bit ARM, where NEON is always there: 16 bytes at a time, four rows of bytes together. Those
// of 4-bit codes, sketches and blocks: neon_codes.cpp.
#include <arm_neon.h>

#include "kernels/batch.hpp"
#include "kernels/coding.hpp"
#include "kernels/hadamard.hpp"
#include "kernels/neon_floats.hpp"
#include "kernels/tables.hpp"

namespace nearfile::kernels {
namespace {

// ---- float

// The first `n` of four floats, 1 to 3, and zeros: no byte past them is read.
float32x4_t load_first(const float* at, std::size_t n) {
    float32x4_t lanes = vld1q_lane_f32(at, vdupq_n_f32(0), 0);
    if (n > 1) lanes = vld1q_lane_f32(at + 1, lanes, 1);
    if (n > 2) lanes = vld1q_lane_f32(at + 2, lanes, 2);
    return lanes;
}

// Eight accumulators of four lanes are the 32 partial sums. vmulq and vaddq stay apart: vfmaq would round once.
template <class Term>
float float_row(const float* query, const float* row, std::size_t dim) {
    float32x4_t sums[8];
    for (int s = 0; s < 8; ++s) sums[s] = vdupq_n_f32(0);
    std::size_t i = 0;
    for (; i + 32 <= dim; i += 32)
        for (int s = 0; s < 8; ++s)
            sums[s] = vaddq_f32(sums[s], Term::of(vld1q_f32(query + i + s * 4), vld1q_f32(row + i + s * 4)));
    for (int s = 0; s < 8; ++s, i += 4) {
        if (i + 4 > dim) {
            if (i < dim)
                sums[s] = vaddq_f32(sums[s], Term::of(load_first(query + i, dim - i), load_first(row + i, dim - i)));
            break;
        }
        sums[s] = vaddq_f32(sums[s], Term::of(vld1q_f32(query + i), vld1q_f32(row + i)));
    }
    for (int half = 4; half > 0; half /= 2)
        for (int s = 0; s < half; ++s) sums[s] = vaddq_f32(sums[s], sums[s + half]);
    const float32x2_t two = vadd_f32(vget_low_f32(sums[0]), vget_high_f32(sums[0]));
    return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

template <class Term>
void float_batch(const float* query, const float* rows, std::size_t stride, const ItemId* ids, std::size_t count,
                 std::size_t dim, float* out) {
    const Batch batch(rows, stride, ids, count, dim * sizeof(float));
    for (std::size_t j = 0; j < count; ++j) {
        batch.prefetch_ahead(j, 1);
        out[j] = float_row<Term>(query, reinterpret_cast<const float*>(batch[j]), dim);
    }
}

// ---- bytes

uint8x16_t load(const void* at) {
    return vld1q_u8(static_cast<const std::uint8_t*>(at));
}

// Two products sum to 2 * 128 * 127 = 32,512 at most, which fits 16 bits.
struct DotBytes {
    static constexpr bool query_is_zero_past_dim_is_enough = true;
    static uint32x4_t add(uint32x4_t sum, uint8x16_t q, uint8x16_t x) {
        const int8x16_t signed_q = vreinterpretq_s8_u8(q), signed_x = vreinterpretq_s8_u8(x);
        const int16x8_t low = vmull_s8(vget_low_s8(signed_q), vget_low_s8(signed_x));
        const int16x8_t both = vmlal_high_s8(low, signed_q, signed_x);
        return vreinterpretq_u32_s32(vpadalq_s16(vreinterpretq_s32_u32(sum), both));
    }
};

struct SquaredBytes {
    static constexpr bool query_is_zero_past_dim_is_enough = false;
    static uint32x4_t add(uint32x4_t sum, uint8x16_t q, uint8x16_t x) {
        const uint8x16_t difference = vabdq_u8(q, x);
        const uint8x8_t low = vget_low_u8(difference);
        return vpadalq_u16(vpadalq_u16(sum, vmull_u8(low, low)), vmull_high_u8(difference, difference));
    }
};

struct AbsoluteBytes {
    static constexpr bool query_is_zero_past_dim_is_enough = false;
    static uint32x4_t add(uint32x4_t sum, uint8x16_t q, uint8x16_t x) {
        return vpadalq_u16(sum, vpaddlq_u8(vabdq_u8(q, x)));
    }
};

uint8x16_t first_bytes(std::size_t n) {
    static const std::uint64_t bytes[4] = {~0ULL, ~0ULL};
    return load(reinterpret_cast<const char*>(bytes) + 16 - n);
}

template <class Term, int n_rows>
void byte_sums(const void* query, const char* const (&rows)[n_rows], std::size_t dim, uint32x4_t (&sums)[n_rows]) {
    for (int r = 0; r < n_rows; ++r) sums[r] = vdupq_n_u32(0);
    const char* q_bytes = static_cast<const char*>(query);
    const std::size_t n_unmasked = Term::query_is_zero_past_dim_is_enough ? dim : dim / 16 * 16;
    std::size_t i = 0;
    for (; i < n_unmasked; i += 16) {
        const uint8x16_t q = load(q_bytes + i);
        for (int r = 0; r < n_rows; ++r) sums[r] = Term::add(sums[r], q, load(rows[r] + i));
    }
    if (i < dim) {
        const uint8x16_t wanted = first_bytes(dim - i);
        const uint8x16_t q = load(q_bytes + i);
        for (int r = 0; r < n_rows; ++r) sums[r] = Term::add(sums[r], q, vandq_u8(wanted, load(rows[r] + i)));
    }
}

template <class Term, class Byte, class Sum>
void byte_batch(const Byte* query, const Byte* rows, std::size_t stride, const ItemId* ids, std::size_t count,
                std::size_t dim, Sum* out) {
    const Batch batch(rows, stride, ids, count, dim);
    std::size_t j = 0;
    for (; j + 4 <= count; j += 4) {
        batch.prefetch_ahead(j, 4);
        const char* const four[4] = {batch[j], batch[j + 1], batch[j + 2], batch[j + 3]};
        uint32x4_t sums[4];
        byte_sums<Term, 4>(query, four, dim, sums);
        const uint32x4_t totals = vpaddq_u32(vpaddq_u32(sums[0], sums[1]), vpaddq_u32(sums[2], sums[3]));
        vst1q_u8(reinterpret_cast<std::uint8_t*>(out + j), vreinterpretq_u8_u32(totals));
    }
    for (; j < count; ++j) {
        const char* const one[1] = {batch[j]};
        uint32x4_t sum[1];
        byte_sums<Term, 1>(query, one, dim, sum);
        out[j] = static_cast<Sum>(vaddvq_u32(sum[0]));
    }
}

// ---- bits

std::uint32_t hamming_row(const std::uint64_t* query, const std::uint64_t* row, std::size_t words) {
    uint32x4_t sums = vdupq_n_u32(0);
    std::size_t w = 0;
    for (; w + 2 <= words; w += 2)
        sums = vpadalq_u16(sums, vpaddlq_u8(vcntq_u8(veorq_u8(load(query + w), load(row + w)))));
    std::uint32_t total = vaddvq_u32(sums);
    if (w < words) total += vaddv_u8(vcnt_u8(vcreate_u8(query[w] ^ row[w])));
    return total;
}

void hamming(const std::uint64_t* query, const std::uint64_t* rows, std::size_t stride, const ItemId* ids,
             std::size_t count, std::size_t words, std::uint32_t* out) {
    const Batch batch(rows, stride, ids, count, words * sizeof(std::uint64_t));
    for (std::size_t j = 0; j < count; ++j) {
        batch.prefetch_ahead(j, 1);
        out[j] = hamming_row(query, reinterpret_cast<const std::uint64_t*>(batch[j]), words);
    }
}

// ---- half precision

void half_to_float(const std::uint16_t* half, std::size_t count, float* out) {
    std::size_t i = 0;
    for (; i + 4 <= count; i += 4) vst1q_f32(out + i, vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(half + i))));
    for (; i < count; ++i) out[i] = vgetq_lane_f32(vcvt_f32_f16(vreinterpret_f16_u16(vdup_n_u16(half[i]))), 0);
}

}  // namespace

const Kernels neon_kernels = {
    "neon",
    float_batch<DotTerm>,
    float_batch<SquaredTerm>,
    float_batch<AbsoluteTerm>,
    byte_batch<DotBytes, std::int8_t, std::int32_t>,
    neon::dot_i8_block,
    neon::dot_u4,
    neon::sketch_below,
    neon::sketch_residual,
    byte_batch<SquaredBytes, std::uint8_t, std::uint32_t>,
    byte_batch<AbsoluteBytes, std::uint8_t, std::uint32_t>,
    hamming,
    half_to_float,
    hadamard,
    largest_magnitude,
    round_to_i8,
    whole_u8,
    &neon_vectors,
};

}  // namespace nearfile::kernels
