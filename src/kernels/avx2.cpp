// Kernels for AVX2 with F16C and POPCNT: 32 bytes at a time, four rows together, so that a load of the query serves
// four rows and their sums are folded by one transposition. Those of 4-bit codes, sketches and blocks: avx2_codes.cpp.
#include <immintrin.h>

#include "kernels/avx2_floats.hpp"
#include "kernels/batch.hpp"
#include "kernels/coding.hpp"
#include "kernels/hadamard.hpp"
#include "kernels/tables.hpp"

namespace nearfile::kernels {
namespace {

// ---- float

// The 32 partial sums of each row, folded to four.
//
// PERF NOTES (ns a row in cache, dim 50 / 128 / 384, by rows together): 1: 12.4 / 12.7 / 30, 2: 10.0 / 15.1 / 34,
// 4: 7.5 / 9.0 / 21, although four take all sixteen registers and two sums live on the stack. A tail that always takes
// four masked loads, some of no lane, instead of stopping at dim, keeps the sums in registers: 5.4 instead of 6.2 at
// dim 31.
template <class Term, int n_rows>
void float_sums(const float* query, const float* const (&rows)[n_rows], std::size_t dim, __m128* folded) {
    __m256 sums[n_rows][4];
    for (int r = 0; r < n_rows; ++r)
        for (int s = 0; s < 4; ++s) sums[r][s] = _mm256_setzero_ps();
    std::size_t i = 0;
    for (; i + 32 <= dim; i += 32)
        for (int s = 0; s < 4; ++s) {
            const __m256 q = _mm256_loadu_ps(query + i + s * 8);
            for (int r = 0; r < n_rows; ++r)
                sums[r][s] = _mm256_add_ps(sums[r][s], Term::of(q, _mm256_loadu_ps(rows[r] + i + s * 8)));
        }
    if (i < dim) {
        for (std::size_t s = 0; s < 4; ++s) {
            const std::size_t at = i + s * 8 < dim ? i + s * 8 : dim;
            const __m256i lanes = first_lanes(dim - at < 8 ? dim - at : 8);
            const __m256 q = _mm256_maskload_ps(query + at, lanes);
            for (int r = 0; r < n_rows; ++r)
                sums[r][s] = _mm256_add_ps(sums[r][s], Term::of(q, _mm256_maskload_ps(rows[r] + at, lanes)));
        }
    }
    for (int r = 0; r < n_rows; ++r) folded[r] = fold_partial_sums(sums[r]);
}

template <class Term>
void float_batch(const float* query, const float* rows, std::size_t stride, const ItemId* ids, std::size_t count,
                 std::size_t dim, float* out) {
    const Batch batch(rows, stride, ids, count, dim * sizeof(float));
    const auto row = [&](std::size_t j) { return reinterpret_cast<const float*>(batch[j]); };
    std::size_t j = 0;
    for (; j + 4 <= count; j += 4) {
        batch.prefetch_ahead(j, 4);
        __m128 folded[4];
        const float* const four[4] = {row(j), row(j + 1), row(j + 2), row(j + 3)};
        float_sums<Term, 4>(query, four, dim, folded);
        _mm_storeu_ps(out + j, fold_four(folded));
    }
    for (; j < count; ++j) {
        __m128 folded[4] = {};
        const float* const one[1] = {row(j)};
        float_sums<Term, 1>(query, one, dim, folded);
        _mm_store_ss(out + j, fold_four(folded));
    }
}

// ---- bytes

__m256i load(const void* at) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(at));
}

// Eight 32-bit sums of the products of 32 signed bytes. maddubs multiplies unsigned by signed: the row gives its
// absolute value (128 fits, unsigned) and its sign goes to the query (which is never -128, so it can change sign); two
// products sum to 2 * 128 * 127 = 32,512 at most, which does not saturate.
struct DotBytes {
    static constexpr bool query_is_zero_past_dim_is_enough = true;
    static __m256i of(__m256i q, __m256i x) {
        const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(x), _mm256_sign_epi8(q, x));
        return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
    }
};

struct SquaredBytes {
    static constexpr bool query_is_zero_past_dim_is_enough = false;
    static __m256i of(__m256i q, __m256i x) {
        const __m256i difference = _mm256_or_si256(_mm256_subs_epu8(q, x), _mm256_subs_epu8(x, q));
        const __m256i even = _mm256_and_si256(difference, _mm256_set1_epi16(255));
        const __m256i odd = _mm256_srli_epi16(difference, 8);
        return _mm256_add_epi32(_mm256_madd_epi16(even, even), _mm256_madd_epi16(odd, odd));
    }
};

// Four 64-bit sums, each below 2^32: their upper halves stay zero, so they add up as 32-bit lanes too.
struct AbsoluteBytes {
    static constexpr bool query_is_zero_past_dim_is_enough = false;
    static __m256i of(__m256i q, __m256i x) { return _mm256_sad_epu8(q, x); }
};

__m256i first_bytes(std::size_t n) {
    alignas(32) static const std::uint64_t bytes[8] = {~0ULL, ~0ULL, ~0ULL, ~0ULL};
    return load(reinterpret_cast<const char*>(bytes) + 32 - n);
}

// PERF NOTES (dot_i8 in cache, ns a row at dim 50 / 128 / 784): 2.6 / 3.7 / 15 (scalar 7.9 / 15.5 / 85), of which
// prefetching takes 1.0 / 1.0 / 0.5. Keeping each row's bytes in a register, where GCC loads them twice, and unrolling
// by two change nothing; the ports that multiply are probably the limit. From memory a line costs 7 ns, whatever the
// arithmetic.
template <class Term, int n_rows>
void byte_sums(const void* query, const char* const (&rows)[n_rows], std::size_t dim, __m256i (&sums)[n_rows]) {
    for (int r = 0; r < n_rows; ++r) sums[r] = _mm256_setzero_si256();
    const char* q_bytes = static_cast<const char*>(query);
    const std::size_t n_unmasked = Term::query_is_zero_past_dim_is_enough ? dim : dim / 32 * 32;
    std::size_t i = 0;
    for (; i < n_unmasked; i += 32) {
        const __m256i q = load(q_bytes + i);
        for (int r = 0; r < n_rows; ++r) sums[r] = _mm256_add_epi32(sums[r], Term::of(q, load(rows[r] + i)));
    }
    if (i < dim) {
        const __m256i wanted = first_bytes(dim - i);
        const __m256i q = load(q_bytes + i);
        for (int r = 0; r < n_rows; ++r)
            sums[r] = _mm256_add_epi32(sums[r], Term::of(q, _mm256_and_si256(wanted, load(rows[r] + i))));
    }
}

// The totals of four rows, one a lane.
__m128i fold_four(const __m256i (&s)[4]) {
    const __m256i ab = _mm256_add_epi32(_mm256_unpacklo_epi32(s[0], s[1]), _mm256_unpackhi_epi32(s[0], s[1]));
    const __m256i cd = _mm256_add_epi32(_mm256_unpacklo_epi32(s[2], s[3]), _mm256_unpackhi_epi32(s[2], s[3]));
    const __m256i abcd = _mm256_add_epi32(_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));
    return _mm_add_epi32(_mm256_castsi256_si128(abcd), _mm256_extracti128_si256(abcd, 1));
}

template <class Term, class Byte, class Sum>
void byte_batch(const Byte* query, const Byte* rows, std::size_t stride, const ItemId* ids, std::size_t count,
                std::size_t dim, Sum* out) {
    const Batch batch(rows, stride, ids, count, dim);
    std::size_t j = 0;
    for (; j + 4 <= count; j += 4) {
        batch.prefetch_ahead(j, 4);
        const char* const four[4] = {batch[j], batch[j + 1], batch[j + 2], batch[j + 3]};
        __m256i sums[4];
        byte_sums<Term, 4>(query, four, dim, sums);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + j), fold_four(sums));
    }
    for (; j < count; ++j) {
        const char* const one[1] = {batch[j]};
        __m256i sum[1];
        byte_sums<Term, 1>(query, one, dim, sum);
        const __m256i sums[4] = {sum[0]};
        out[j] = static_cast<Sum>(_mm_cvtsi128_si32(fold_four(sums)));
    }
}

// ---- bits

// The set bits of 32 bytes as four 64-bit sums: each half byte looks its count up.
__m256i n_ones(__m256i bits) {
    const __m256i counts = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,  //
                                            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const __m256i low_half = _mm256_set1_epi8(15);
    const __m256i low = _mm256_shuffle_epi8(counts, _mm256_and_si256(bits, low_half));
    const __m256i high = _mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi16(bits, 4), low_half));
    return _mm256_sad_epu8(_mm256_add_epi8(low, high), _mm256_setzero_si256());
}

// PERF NOTES (in cache, ns a row of 4 / 8 / 16 / 64 words): look-ups from 8 words on 4.3 / 4.6 / 6.2 / 18, from 4
// on 4.7 / 4.8 / 6.2 / 18, POPCNT alone 4.3 / 6.3 / 11 / 39.
std::uint32_t hamming_row(const std::uint64_t* query, const std::uint64_t* row, std::size_t words) {
    std::size_t w = 0;
    std::uint64_t total = 0;
    if (words >= 8) {
        __m256i sums = _mm256_setzero_si256();
        for (; w + 4 <= words; w += 4)
            sums = _mm256_add_epi64(sums, n_ones(_mm256_xor_si256(load(query + w), load(row + w))));
        const __m128i two = _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
        total = static_cast<std::uint64_t>(_mm_cvtsi128_si64(two) + _mm_extract_epi64(two, 1));
    }
    for (; w < words; ++w) total += static_cast<std::uint64_t>(_mm_popcnt_u64(query[w] ^ row[w]));
    return static_cast<std::uint32_t>(total);
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
    for (; i + 8 <= count; i += 8)
        _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(half + i))));
    for (; i < count; ++i) out[i] = _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(half[i])));
}

}  // namespace

const Kernels avx2_kernels = {
    "avx2",
    float_batch<DotTerm>,
    float_batch<SquaredTerm>,
    float_batch<AbsoluteTerm>,
    byte_batch<DotBytes, std::int8_t, std::int32_t>,
    avx2::dot_i8_block,
    avx2::dot_u4,
    avx2::sketch_below,
    avx2::sketch_residual,
    byte_batch<SquaredBytes, std::uint8_t, std::uint32_t>,
    byte_batch<AbsoluteBytes, std::uint8_t, std::uint32_t>,
    hamming,
    half_to_float,
    hadamard,
    largest_magnitude,
    round_to_i8,
    whole_u8,
    &avx2_vectors,
};

}  // namespace nearfile::kernels
