// Kernels for AVX2 with F16C of 4-bit codes, of sketches and of blocks of 8-bit codes; the others: avx2.cpp.
#include <immintrin.h>

#include "kernels/batch.hpp"
#include "kernels/sketch_masks.hpp"
#include "kernels/tables.hpp"

namespace nearfile::kernels {
namespace {

__m256i load(const void* at) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(at));
}

// The totals of four rows, one a lane.
[[gnu::always_inline]] inline __m128i fold_four(const __m256i (&s)[4]) {
    const __m256i ab = _mm256_add_epi32(_mm256_unpacklo_epi32(s[0], s[1]), _mm256_unpackhi_epi32(s[0], s[1]));
    const __m256i cd = _mm256_add_epi32(_mm256_unpacklo_epi32(s[2], s[3]), _mm256_unpackhi_epi32(s[2], s[3]));
    const __m256i abcd = _mm256_add_epi32(_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));
    return _mm_add_epi32(_mm256_castsi256_si128(abcd), _mm256_extracti128_si256(abcd, 1));
}

// ---- blocks of 8-bit codes

// Sixteen bytes widened to 16 bits.
__m256i widened(const std::int8_t* bytes) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
}

constexpr std::size_t most_widened = 1024;  // dimensions at a time, for a buffer on the stack

// The products with n_rows rows: their sums over `dim` dimensions, added to `out` unless these are the first
// dimensions. wide[i * n_queries + k * 16 + lane] is dimension i + lane of query k, for every i divisible by 16.
template <int n_queries, int n_rows>
[[gnu::always_inline]] inline void block_products(const std::int16_t* wide, const std::int8_t* rows, std::size_t stride,
                                                  std::size_t dim, bool first, std::int32_t* const (&out)[n_queries]) {
    __m256i sums[n_queries][4];
    for (int k = 0; k < n_queries; ++k)
        for (int r = 0; r < 4; ++r) sums[k][r] = _mm256_setzero_si256();
    for (std::size_t i = 0; i < dim; i += 16)
        for (int r = 0; r < n_rows; ++r) {
            const __m256i x = widened(rows + static_cast<std::size_t>(r) * stride + i);
            for (int k = 0; k < n_queries; ++k)
                sums[k][r] = _mm256_add_epi32(sums[k][r], _mm256_madd_epi16(x, load(wide + i * n_queries + k * 16)));
        }
    for (int k = 0; k < n_queries; ++k) {
        const __m128i totals = fold_four(sums[k]);
        if constexpr (n_rows == 4) {
            auto* at = reinterpret_cast<__m128i*>(out[k]);
            _mm_storeu_si128(at, first ? totals : _mm_add_epi32(totals, _mm_loadu_si128(at)));
        } else {
            *out[k] = _mm_cvtsi128_si32(totals) + (first ? 0 : *out[k]);
        }
    }
}

// PERF NOTES (300 rows in L2, 0.41 ns on an EPYC 7003 for each product at dim 64 / 128 / 256 / 768, dot_i8 query by
// query being 3.60 / 6.45 / 11.8 / 32.4): this 3.10 / 5.25 / 9.5 / 26.7; by absolute values and signs, as dot_i8, for
// two queries and four rows 3.20 / 5.58 / 10.1 / 28.0, for four and two 3.60 / 6.04 / 10.7 / 28.6; bytes at even and
// odd places split by shifts, four and two 3.38 / 5.66 / 10.4 / 28.0; four queries and four rows, whose sums do not fit
// the registers, 4.55 / 7.89 / 14.6 / 41.7; Winograd's way, with half of the products and more sums, 4.44 / 7.38 / 13.3
// / 37.4. However it is done, 32 products of bytes take two instructions of the two ports that multiply and two more:
// those four alone, in registers, take 0.95 for 32 dimensions, where dot_i8 takes 1.28 and this 1.05. More than 1.35
// times as fast as dot_i8 cannot be.
template <int n_queries>
void block_queries(const std::int8_t* queries, const std::int8_t* rows, std::size_t stride, std::size_t count,
                   std::size_t dim, std::int32_t* out) {
    alignas(32) std::int16_t wide[n_queries * most_widened];
    for (std::size_t from = 0; from < dim; from += most_widened) {
        const std::size_t n_dims = dim - from < most_widened ? dim - from : most_widened;
        for (std::size_t i = 0; i < n_dims; i += 16)
            for (std::size_t k = 0; k < n_queries; ++k)
                _mm256_store_si256(reinterpret_cast<__m256i*>(wide + i * n_queries + k * 16),
                                   widened(queries + k * stride + from + i));
        std::int32_t* at[n_queries];
        for (std::size_t k = 0; k < n_queries; ++k) at[k] = out + k * count;
        const std::int8_t* row = rows + from;
        std::size_t j = 0;
        for (; j + 4 <= count; j += 4, row += 4 * stride) {
            block_products<n_queries, 4>(wide, row, stride, n_dims, from == 0, at);
            for (std::int32_t*& each : at) each += 4;
        }
        for (; j < count; ++j, row += stride) {
            block_products<n_queries, 1>(wide, row, stride, n_dims, from == 0, at);
            for (std::int32_t*& each : at) ++each;
        }
    }
}

// ---- 4-bit codes

// Always inline: as a function, which GCC makes of it once two callers have it, the sums go through memory, and four
// rows of 2 blocks take 37 instead of 29 (units below). Eight 32-bit sums of a row of blocks. Four products of a block
// fit in 16 bits: 4 * 15 * 127 = 7,620; so do those of four blocks, 30,480.
template <int n_rows>
[[gnu::always_inline]] inline void nibble_sums(const std::int8_t* query, const char* const (&rows)[n_rows],
                                               std::size_t blocks, __m256i (&sums)[n_rows]) {
    const __m256i low_half = _mm256_set1_epi8(15);
    for (int r = 0; r < n_rows; ++r) sums[r] = _mm256_setzero_si256();
    for (std::size_t b = 0; b < blocks;) {
        const std::size_t end = b + 4 < blocks ? b + 4 : blocks;
        __m256i pairs[n_rows];
        for (int r = 0; r < n_rows; ++r) pairs[r] = _mm256_setzero_si256();
        for (; b < end; ++b) {
            const __m256i q_low = load(query + b * 64);
            const __m256i q_high = load(query + b * 64 + 32);
            for (int r = 0; r < n_rows; ++r) {
                const __m256i both = load(rows[r] + b * 32);
                const __m256i low = _mm256_maddubs_epi16(_mm256_and_si256(both, low_half), q_low);
                const __m256i high =
                    _mm256_maddubs_epi16(_mm256_and_si256(_mm256_srli_epi16(both, 4), low_half), q_high);
                pairs[r] = _mm256_add_epi16(pairs[r], _mm256_add_epi16(low, high));
            }
        }
        for (int r = 0; r < n_rows; ++r)
            sums[r] = _mm256_add_epi32(sums[r], _mm256_madd_epi16(pairs[r], _mm256_set1_epi16(1)));
    }
}

// ---- sketches

// Like load, but GCC does not do it twice to save a register, as it does with that.
__m256i load_once(const void* at) {
    return _mm256_lddqu_si256(static_cast<const __m256i*>(at));
}

// Four pairs of tables, two a register.
struct FourPairs {
    __m256i even[2], odd[2];

    [[gnu::always_inline]] FourPairs(const SketchQuery& query, std::size_t pair)
        : even{load_once(query.even + pair * 16), load_once(query.even + pair * 16 + 32)},
          odd{load_once(query.odd + pair * 16), load_once(query.odd + pair * 16 + 32)} {}
};

// The sums of the look-ups of the 16 neighbours of a group, as 16-bit numbers. Either half of a register has pairs of
// its own.
struct SketchSums {
    __m256i all = _mm256_setzero_si256();  // sums at even places + 256 * sums at odd ones, modulo 2^16
    __m256i odd = _mm256_setzero_si256();

    // Eight look-ups a neighbour, four in either half.
    [[gnu::always_inline]] void add(const FourPairs& tables, const std::uint8_t* bits) {
        const __m256i low_half = _mm256_set1_epi8(15);
        const __m256i both = load_once(bits);
        const __m256i next = load_once(bits + 32);
        const __m256i a = _mm256_shuffle_epi8(tables.even[0], _mm256_and_si256(both, low_half));
        const __m256i b = _mm256_shuffle_epi8(tables.odd[0], _mm256_and_si256(_mm256_srli_epi16(both, 4), low_half));
        const __m256i c = _mm256_shuffle_epi8(tables.even[1], _mm256_and_si256(next, low_half));
        const __m256i d = _mm256_shuffle_epi8(tables.odd[1], _mm256_and_si256(_mm256_srli_epi16(next, 4), low_half));
        const __m256i bytes = _mm256_add_epi8(_mm256_add_epi8(a, b), _mm256_add_epi8(c, d));
        all = _mm256_add_epi16(all, bytes);
        odd = _mm256_add_epi16(odd, _mm256_srli_epi16(bytes, 8));
    }
    // Eight neighbours each, in their order.
    [[gnu::always_inline]] void eights(__m128i& first, __m128i& second) const {
        const __m256i even = _mm256_sub_epi16(all, _mm256_slli_epi16(odd, 8));
        const __m128i e = _mm_add_epi16(_mm256_castsi256_si128(even), _mm256_extracti128_si256(even, 1));
        const __m128i o = _mm_add_epi16(_mm256_castsi256_si128(odd), _mm256_extracti128_si256(odd, 1));
        first = _mm_unpacklo_epi16(e, o);
        second = _mm_unpackhi_epi16(e, o);
    }
};

// What makes estimates of sums, in every lane.
struct Estimates {
    __m256 step, offset, additive_step, base, threshold;

    Estimates(const SketchQuery& query, const SketchRow& row, float base_, float threshold_)
        : step(_mm256_set1_ps(row.factor_step * query.step)),
          offset(_mm256_set1_ps(row.factor_step * query.offset)),
          additive_step(_mm256_set1_ps(row.additive_step)),
          base(_mm256_set1_ps(base_)),
          threshold(_mm256_set1_ps(threshold_)) {}

    [[gnu::always_inline]] static __m256 widened(const std::uint8_t* bytes) {
        return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes))));
    }
    // Bit j is set where neighbour j of eight is below.
    [[gnu::always_inline]] int below(__m128i sums, const std::uint8_t* additive, const std::uint8_t* factor) const {
        const __m256 sum = _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(sums));
        const __m256 product = _mm256_add_ps(_mm256_mul_ps(step, sum), offset);
        const __m256 root = widened(additive);
        const __m256 added = _mm256_add_ps(base, _mm256_mul_ps(additive_step, _mm256_mul_ps(root, root)));
        const __m256 factors = widened(factor);
        const __m256 estimate = _mm256_sub_ps(added, _mm256_mul_ps(factors, product));
        return _mm256_movemask_ps(_mm256_cmp_ps(estimate, threshold, _CMP_LT_OQ));
    }
    [[gnu::always_inline]] std::uint16_t below(const SketchSums& sums, const std::uint8_t* additive,
                                               const std::uint8_t* factor) const {
        __m128i first;
        __m128i second;
        sums.eights(first, second);
        return static_cast<std::uint16_t>(below(first, additive, factor) | below(second, additive + 8, factor + 8)
                                                                               << 8);
    }
};

// Folds eight sums 8 -> 4 -> 2 -> 1.
float fold_eight(__m256 eight) {
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

}  // namespace

namespace avx2 {

void dot_i8_block(const std::int8_t* queries, std::size_t n_queries, const std::int8_t* rows, std::size_t stride,
                  std::size_t count, std::size_t dim, std::int32_t* out) {
    std::size_t k = 0;
    for (; k + 2 <= n_queries; k += 2)
        block_queries<2>(queries + k * stride, rows, stride, count, dim, out + k * count);
    if (k < n_queries) block_queries<1>(queries + k * stride, rows, stride, count, dim, out + k * count);
}

// PERF NOTES (rows by ids in cache, 0.41 ns on an EPYC 7003 a call of 1 / 4 / 8 / 16 rows; with prefetching, which a
// caller does better, in brackets): 1 block 15 / 25 / 38 / 69 (20 / 38 / 61 / 113), 2 blocks 17 / 29 / 51 / 92 (21 / 43
// / 72 / 136), 4 blocks 20 / 43 / 81 / 153 (28 / 58 / 107 / 201), 12 blocks 40 / 103 / 201 / 395 (47 / 124 / 239 /
// 461). Three rows left over are cheaper as four, one of them twice, but by about a ns: 9.2 / 11.1 / 14.9 ns for
// 1 / 2 / 4 blocks against 8.1 / 10.0 / 13.8 on a Zen 4; two are not.
void dot_u4(const std::int8_t* query, const std::uint8_t* rows, std::size_t stride, const ItemId* ids,
            std::size_t count, std::size_t blocks, std::int32_t* out) {
    const Rows row(rows, stride, ids);
    std::size_t j = 0;
    for (; j + 4 <= count; j += 4) {
        const char* const four[4] = {row[j], row[j + 1], row[j + 2], row[j + 3]};
        __m256i sums[4];
        nibble_sums<4>(query, four, blocks, sums);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + j), fold_four(sums));
    }
    for (; j < count; ++j) {
        const char* const one[1] = {row[j]};
        __m256i sum[1];
        nibble_sums<1>(query, one, blocks, sum);
        const __m256i sums[4] = {sum[0]};
        out[j] = _mm_cvtsi128_si32(fold_four(sums));
    }
}

// PERF NOTES (in cache, 0.41 ns on an EPYC 7003 a call for four groups of 8 / 16 / 32 / 96 pairs): 86 / 129 / 186 /
// 413; each group on its own 102 / 152 / 256 / 555; two together with plain loads, which GCC repeats, 86 / 130 / 201 /
// 486. Unrolling by two or four changes nothing, nor does a number of pairs that the compiler knows.
std::size_t sketch_below(const SketchQuery& query, const SketchRow& row, float base, float threshold,
                         std::size_t n_groups, std::uint64_t* masks) {
    SketchMasks below(masks);
    const Estimates estimates(query, row, base, threshold);
    const std::uint8_t* bits = row.bits;
    const std::size_t n_bytes = query.pairs * 16;  // of a group
    std::size_t g = 0;
    for (; g + 2 <= n_groups; g += 2, bits += 2 * n_bytes) {
        SketchSums first;
        SketchSums second;
        for (std::size_t p = 0; p < query.pairs; p += 4) {
            const FourPairs tables(query, p);
            first.add(tables, bits + p * 16);
            second.add(tables, bits + n_bytes + p * 16);
        }
        below.add(estimates.below(first, row.additive + g * 16, row.factor + g * 16));
        below.add(estimates.below(second, row.additive + g * 16 + 16, row.factor + g * 16 + 16));
    }
    if (g < n_groups) {
        SketchSums sums;
        for (std::size_t p = 0; p < query.pairs; p += 4) sums.add(FourPairs(query, p), bits + p * 16);
        below.add(estimates.below(sums, row.additive + g * 16, row.factor + g * 16));
    }
    return below.finish();
}

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
        const __m256 positive = _mm256_cmp_ps(residual, zero, _CMP_GE_OQ);
        const __m256 sign = _mm256_andnot_ps(positive, minus);
        signs[i * 2] = static_cast<std::uint8_t>(_mm256_movemask_ps(positive));
        absolutes = _mm256_add_ps(absolutes, _mm256_xor_ps(residual, sign));
        squares = _mm256_add_ps(squares, _mm256_mul_ps(residual, residual));
        along = _mm256_add_ps(along, _mm256_xor_ps(from, sign));
    }
    sums[0] = fold_eight(absolutes);
    sums[1] = fold_eight(squares);
    sums[2] = fold_eight(along);
}

}  // namespace avx2
}  // namespace nearfile::kernels
