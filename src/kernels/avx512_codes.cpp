// Kernels for AVX-512 with F, BW, DQ and VL of 4-bit codes, of sketches and of blocks of 8-bit codes; the others:
// avx512.cpp.
#include <immintrin.h>

#include "kernels/batch.hpp"
#include "kernels/sketch_masks.hpp"
#include "kernels/tables.hpp"

namespace nearfile::kernels {
namespace {

__m512i load(const void* at) {
    return _mm512_loadu_si512(at);
}

// The totals of four rows, one a lane.
[[gnu::always_inline]] inline __m128i fold_four(const __m512i (&s)[4]) {
    const __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(s[0], s[1]), _mm512_unpackhi_epi32(s[0], s[1]));
    const __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(s[2], s[3]), _mm512_unpackhi_epi32(s[2], s[3]));
    const __m512i abcd = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
    const __m256i two = _mm256_add_epi32(_mm512_castsi512_si256(abcd), _mm512_extracti64x4_epi64(abcd, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(two), _mm256_extracti128_si256(two, 1));
}

// ---- blocks of 8-bit codes

// 32 bytes widened to 16 bits.
__m512i widened(const std::int8_t* bytes) {
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes)));
}

// With 32 registers, the sums of four queries and four rows stay in them, and each widening serves four products.
template <int n_queries, int n_rows>
[[gnu::always_inline]] inline void block_products(const std::int8_t* queries, const std::int8_t* rows,
                                                  std::size_t stride, std::size_t count, std::size_t dim,
                                                  std::int32_t* out) {
    __m512i sums[n_queries][4];
    for (int k = 0; k < n_queries; ++k)
        for (int r = 0; r < 4; ++r) sums[k][r] = _mm512_setzero_si512();
    for (std::size_t i = 0; i < dim; i += 32) {
        __m512i x[n_rows];
        for (std::size_t r = 0; r < n_rows; ++r) x[r] = widened(rows + r * stride + i);
        for (std::size_t k = 0; k < n_queries; ++k) {
            const __m512i q = widened(queries + k * stride + i);
            for (int r = 0; r < n_rows; ++r) sums[k][r] = _mm512_add_epi32(sums[k][r], _mm512_madd_epi16(q, x[r]));
        }
    }
    for (std::size_t k = 0; k < n_queries; ++k) {
        const __m128i totals = fold_four(sums[k]);
        if constexpr (n_rows == 4)
            _mm_storeu_si128(reinterpret_cast<__m128i*>(out + k * count), totals);
        else
            out[k * count] = _mm_cvtsi128_si32(totals);
    }
}

template <int n_queries>
void block_queries(const std::int8_t* queries, const std::int8_t* rows, std::size_t stride, std::size_t count,
                   std::size_t dim, std::int32_t* out) {
    std::size_t j = 0;
    for (; j + 4 <= count; j += 4)
        block_products<n_queries, 4>(queries, rows + j * stride, stride, count, dim, out + j);
    for (; j < count; ++j) block_products<n_queries, 1>(queries, rows + j * stride, stride, count, dim, out + j);
}

// ---- 4-bit codes

// Always inline, or the sums go through memory. Sixteen 32-bit sums of a row, two of its blocks at a time. Four
// products of those fit in 16 bits: 4 * 15 * 127 = 7,620; so do four times as many, 30,480.
template <int n_rows>
[[gnu::always_inline]] inline void nibble_sums(const std::int8_t* query, const char* const (&rows)[n_rows],
                                               std::size_t blocks, __m512i (&sums)[n_rows]) {
    const __m512i low_half = _mm512_set1_epi8(15);
    const __m512i ones = _mm512_set1_epi16(1);
    for (int r = 0; r < n_rows; ++r) sums[r] = _mm512_setzero_si512();
    std::size_t b = 0;
    while (b + 2 <= blocks) {
        const std::size_t end = b + 8 < blocks ? b + 8 : blocks;
        __m512i pairs[n_rows];
        for (int r = 0; r < n_rows; ++r) pairs[r] = _mm512_setzero_si512();
        for (; b + 2 <= end; b += 2) {
            const __m512i q = load(query + b * 64);
            const __m512i next_q = load(query + b * 64 + 64);
            const __m512i q_low = _mm512_shuffle_i64x2(q, next_q, 0x44);
            const __m512i q_high = _mm512_shuffle_i64x2(q, next_q, 0xee);
            for (int r = 0; r < n_rows; ++r) {
                const __m512i both = load(rows[r] + b * 32);
                const __m512i low = _mm512_maddubs_epi16(_mm512_and_si512(both, low_half), q_low);
                const __m512i high =
                    _mm512_maddubs_epi16(_mm512_and_si512(_mm512_srli_epi16(both, 4), low_half), q_high);
                pairs[r] = _mm512_add_epi16(pairs[r], _mm512_add_epi16(low, high));
            }
        }
        for (int r = 0; r < n_rows; ++r) sums[r] = _mm512_add_epi32(sums[r], _mm512_madd_epi16(pairs[r], ones));
    }
    if (b < blocks) {
        const __m512i q = load(query + b * 64);
        for (int r = 0; r < n_rows; ++r) {
            const __m256i both = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows[r] + b * 32));
            const __m512i x = _mm512_inserti64x4(_mm512_castsi256_si512(both), _mm256_srli_epi16(both, 4), 1);
            const __m512i pairs = _mm512_maddubs_epi16(_mm512_and_si512(x, low_half), q);
            sums[r] = _mm512_add_epi32(sums[r], _mm512_madd_epi16(pairs, ones));
        }
    }
}

// ---- sketches

// The look-ups of 16 neighbours in four pairs of tables, added pair by pair: at most 126, so that two of these add up
// in bytes. Each quarter of the register is of a pair of its own.
[[gnu::always_inline]] inline __m512i look_ups(const SketchQuery& query, const std::uint8_t* bits, std::size_t pair) {
    const __m512i low_half = _mm512_set1_epi8(15);
    const __m512i both = load(bits + pair * 16);
    const __m512i even = _mm512_shuffle_epi8(load(query.even + pair * 16), _mm512_and_si512(both, low_half));
    const __m512i odd =
        _mm512_shuffle_epi8(load(query.odd + pair * 16), _mm512_and_si512(_mm512_srli_epi16(both, 4), low_half));
    return _mm512_add_epi8(even, odd);
}

__m128i fold_quarters(__m512i quarters) {
    const __m256i two = _mm256_add_epi16(_mm512_castsi512_si256(quarters), _mm512_extracti64x4_epi64(quarters, 1));
    return _mm_add_epi16(_mm256_castsi256_si128(two), _mm256_extracti128_si256(two, 1));
}

// The sums of 16 neighbours' look-ups as 16-bit numbers, in their order.
[[gnu::always_inline]] inline __m256i sketch_sums(const SketchQuery& query, const std::uint8_t* bits) {
    __m512i all = _mm512_setzero_si512();  // sums at even places + 256 * sums at odd ones, modulo 2^16
    __m512i odd = _mm512_setzero_si512();
    const auto add = [&](__m512i bytes) {
        all = _mm512_add_epi16(all, bytes);
        odd = _mm512_add_epi16(odd, _mm512_srli_epi16(bytes, 8));
    };
    std::size_t p = 0;
    for (; p + 8 <= query.pairs; p += 8) add(_mm512_add_epi8(look_ups(query, bits, p), look_ups(query, bits, p + 4)));
    if (p < query.pairs) add(look_ups(query, bits, p));
    const __m128i o = fold_quarters(odd);
    const __m128i e = _mm_sub_epi16(fold_quarters(all), _mm_slli_epi16(o, 8));
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_unpacklo_epi16(e, o)), _mm_unpackhi_epi16(e, o), 1);
}

// Folds eight sums 8 -> 4 -> 2 -> 1.
float fold_eight(__m256 eight) {
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

}  // namespace

namespace avx512 {

void dot_i8_block(const std::int8_t* queries, std::size_t n_queries, const std::int8_t* rows, std::size_t stride,
                  std::size_t count, std::size_t dim, std::int32_t* out) {
    switch (n_queries) {
        case 1:
            return block_queries<1>(queries, rows, stride, count, dim, out);
        case 2:
            return block_queries<2>(queries, rows, stride, count, dim, out);
        case 3:
            return block_queries<3>(queries, rows, stride, count, dim, out);
        default:
            return block_queries<4>(queries, rows, stride, count, dim, out);
    }
}

void dot_u4(const std::int8_t* query, const std::uint8_t* rows, std::size_t stride, const ItemId* ids,
            std::size_t count, std::size_t blocks, std::int32_t* out) {
    const Rows row(rows, stride, ids);
    std::size_t j = 0;
    for (; j + 4 <= count; j += 4) {
        const char* const four[4] = {row[j], row[j + 1], row[j + 2], row[j + 3]};
        __m512i sums[4];
        nibble_sums<4>(query, four, blocks, sums);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + j), fold_four(sums));
    }
    for (; j < count; ++j) {
        const char* const one[1] = {row[j]};
        __m512i sum[1];
        nibble_sums<1>(query, one, blocks, sum);
        const __m512i sums[4] = {sum[0]};
        out[j] = _mm_cvtsi128_si32(fold_four(sums));
    }
}

std::size_t sketch_below(const SketchQuery& query, const SketchRow& row, float base, float threshold,
                         std::size_t n_groups, std::uint64_t* masks) {
    SketchMasks below(masks);
    const __m512 step = _mm512_set1_ps(row.factor_step * query.step);
    const __m512 offset = _mm512_set1_ps(row.factor_step * query.offset);
    const __m512 additive_step = _mm512_set1_ps(row.additive_step);
    const __m512 bases = _mm512_set1_ps(base);
    const __m512 thresholds = _mm512_set1_ps(threshold);
    const auto widened = [](const std::uint8_t* bytes) {
        const __m512i words = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
        return _mm512_cvtepi32_ps(words);
    };
    for (std::size_t g = 0; g < n_groups; ++g) {
        const __m256i sums = sketch_sums(query, row.bits + g * query.pairs * 16);
        const __m512 sum = _mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(sums));
        const __m512 product = _mm512_add_ps(_mm512_mul_ps(step, sum), offset);
        const __m512 additive = widened(row.additive + g * 16);
        const __m512 added = _mm512_add_ps(bases, _mm512_mul_ps(additive_step, _mm512_mul_ps(additive, additive)));
        const __m512 estimate = _mm512_sub_ps(added, _mm512_mul_ps(widened(row.factor + g * 16), product));
        below.add(_mm512_cmp_ps_mask(estimate, thresholds, _CMP_LT_OQ));
    }
    return below.finish();
}

// Eight at a time: the eight partial sums take no more at once.
void sketch_residual(const float* vertex, const std::int8_t* code, float scale, std::size_t dim, std::uint8_t* signs,
                     float* sums) {
    const __m256 minus = _mm256_set1_ps(-0.0f);
    const __m256 zero = _mm256_setzero_ps();
    const __m256 scales = _mm256_set1_ps(scale);
    __m256 absolutes = zero;
    __m256 squares = zero;
    __m256 along = zero;
    for (std::size_t i = 0; i < dim; i += 8) {
        const __m256i codes = _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(code + i)));
        const __m256 from = _mm256_loadu_ps(vertex + i);
        const __m256 residual = _mm256_sub_ps(_mm256_mul_ps(scales, _mm256_cvtepi32_ps(codes)), from);
        const __mmask8 positive = _mm256_cmp_ps_mask(residual, zero, _CMP_GE_OQ);
        const auto negative = static_cast<__mmask8>(~positive);
        signs[i * 2] = positive;
        absolutes = _mm256_add_ps(absolutes, _mm256_mask_xor_ps(residual, negative, residual, minus));
        squares = _mm256_add_ps(squares, _mm256_mul_ps(residual, residual));
        along = _mm256_add_ps(along, _mm256_mask_xor_ps(from, negative, from, minus));
    }
    sums[0] = fold_eight(absolutes);
    sums[1] = fold_eight(squares);
    sums[2] = fold_eight(along);
}

}  // namespace avx512
}  // namespace nearfile::kernels
