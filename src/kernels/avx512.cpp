// Kernels for AVX-512 with F, BW, DQ and VL: 64 bytes at a time, four rows together, masked loads for the tails.
// Those of 4-bit codes, sketches and blocks: avx512_codes.cpp.
#include <immintrin.h>

#include "kernels/avx512_floats.hpp"
#include "kernels/batch.hpp"
#include "kernels/coding.hpp"
#include "kernels/hadamard.hpp"
#include "kernels/tables.hpp"

namespace nearfile::kernels {
namespace {

// ---- float

// The 32 partial sums of each row, folded to four.
template <class Term, int n_rows>
void float_sums(const float* query, const float* const (&rows)[n_rows], std::size_t dim, __m128* folded) {
    __m512 sums[n_rows][2];
    for (int r = 0; r < n_rows; ++r)
        for (int s = 0; s < 2; ++s) sums[r][s] = _mm512_setzero_ps();
    std::size_t i = 0;
    for (; i + 32 <= dim; i += 32)
        for (int s = 0; s < 2; ++s) {
            const __m512 q = _mm512_loadu_ps(query + i + s * 16);
            for (int r = 0; r < n_rows; ++r)
                sums[r][s] = _mm512_add_ps(sums[r][s], Term::of(q, _mm512_loadu_ps(rows[r] + i + s * 16)));
        }
    if (i < dim) {
        for (std::size_t s = 0; s < 2; ++s) {
            const std::size_t at = i + s * 16 < dim ? i + s * 16 : dim;
            const auto lanes = static_cast<__mmask16>(dim - at < 16 ? (1U << (dim - at)) - 1 : 0xffffU);
            const __m512 q = _mm512_maskz_loadu_ps(lanes, query + at);
            for (int r = 0; r < n_rows; ++r)
                sums[r][s] = _mm512_add_ps(sums[r][s], Term::of(q, _mm512_maskz_loadu_ps(lanes, rows[r] + at)));
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
        const float* const four[4] = {row(j), row(j + 1), row(j + 2), row(j + 3)};
        __m128 folded[4];
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

__m512i load(const void* at) {
    return _mm512_loadu_si512(at);
}

// Sixteen 32-bit sums of the products of 64 signed bytes. There is no sign instruction of 512 bits, so both sides are
// widened to 16 bits; what the query needs for it is shared by the rows of a group.
struct DotBytes {
    static constexpr bool query_is_zero_past_dim_is_enough = true;
    static __m512i of(__m512i q, __m512i x) {
        const __m512i low = _mm512_madd_epi16(_mm512_cvtepi8_epi16(_mm512_castsi512_si256(q)),
                                              _mm512_cvtepi8_epi16(_mm512_castsi512_si256(x)));
        const __m512i high = _mm512_madd_epi16(_mm512_cvtepi8_epi16(_mm512_extracti64x4_epi64(q, 1)),
                                               _mm512_cvtepi8_epi16(_mm512_extracti64x4_epi64(x, 1)));
        return _mm512_add_epi32(low, high);
    }
};

struct SquaredBytes {
    static constexpr bool query_is_zero_past_dim_is_enough = false;
    static __m512i of(__m512i q, __m512i x) {
        const __m512i difference = _mm512_or_si512(_mm512_subs_epu8(q, x), _mm512_subs_epu8(x, q));
        const __m512i even = _mm512_and_si512(difference, _mm512_set1_epi16(255));
        const __m512i odd = _mm512_srli_epi16(difference, 8);
        return _mm512_add_epi32(_mm512_madd_epi16(even, even), _mm512_madd_epi16(odd, odd));
    }
};

// Eight 64-bit sums, each below 2^32: their upper halves stay zero, so they add up as 32-bit lanes too.
struct AbsoluteBytes {
    static constexpr bool query_is_zero_past_dim_is_enough = false;
    static __m512i of(__m512i q, __m512i x) { return _mm512_sad_epu8(q, x); }
};

template <class Term, int n_rows>
void byte_sums(const void* query, const char* const (&rows)[n_rows], std::size_t dim, __m512i (&sums)[n_rows]) {
    for (int r = 0; r < n_rows; ++r) sums[r] = _mm512_setzero_si512();
    const char* q_bytes = static_cast<const char*>(query);
    const std::size_t n_unmasked = Term::query_is_zero_past_dim_is_enough ? dim : dim / 64 * 64;
    std::size_t i = 0;
    for (; i < n_unmasked; i += 64) {
        const __m512i q = load(q_bytes + i);
        for (int r = 0; r < n_rows; ++r) sums[r] = _mm512_add_epi32(sums[r], Term::of(q, load(rows[r] + i)));
    }
    if (i < dim) {
        const auto wanted = static_cast<__mmask64>((1ULL << (dim - i)) - 1);
        const __m512i q = load(q_bytes + i);
        for (int r = 0; r < n_rows; ++r)
            sums[r] = _mm512_add_epi32(sums[r], Term::of(q, _mm512_maskz_loadu_epi8(wanted, rows[r] + i)));
    }
}

// The totals of four rows, one a lane.
__m128i fold_four(const __m512i (&s)[4]) {
    const __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(s[0], s[1]), _mm512_unpackhi_epi32(s[0], s[1]));
    const __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(s[2], s[3]), _mm512_unpackhi_epi32(s[2], s[3]));
    const __m512i abcd = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
    const __m256i two = _mm256_add_epi32(_mm512_castsi512_si256(abcd), _mm512_extracti64x4_epi64(abcd, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(two), _mm256_extracti128_si256(two, 1));
}

template <class Term, class Byte, class Sum>
void byte_batch(const Byte* query, const Byte* rows, std::size_t stride, const ItemId* ids, std::size_t count,
                std::size_t dim, Sum* out) {
    const Batch batch(rows, stride, ids, count, dim);
    std::size_t j = 0;
    for (; j + 4 <= count; j += 4) {
        batch.prefetch_ahead(j, 4);
        const char* const four[4] = {batch[j], batch[j + 1], batch[j + 2], batch[j + 3]};
        __m512i sums[4];
        byte_sums<Term, 4>(query, four, dim, sums);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + j), fold_four(sums));
    }
    for (; j < count; ++j) {
        const char* const one[1] = {batch[j]};
        __m512i sum[1];
        byte_sums<Term, 1>(query, one, dim, sum);
        const __m512i sums[4] = {sum[0]};
        out[j] = static_cast<Sum>(_mm_cvtsi128_si32(fold_four(sums)));
    }
}

// ---- bits

// The set bits of 64 bytes as eight 64-bit sums: each half byte looks its count up.
__m512i n_ones(__m512i bits) {
    const __m512i counts = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    const __m512i low_half = _mm512_set1_epi8(15);
    const __m512i low = _mm512_shuffle_epi8(counts, _mm512_and_si512(bits, low_half));
    const __m512i high = _mm512_shuffle_epi8(counts, _mm512_and_si512(_mm512_srli_epi16(bits, 4), low_half));
    return _mm512_sad_epu8(_mm512_add_epi8(low, high), _mm512_setzero_si512());
}

// Look-ups pay from two vectors on, as with AVX2; below, and for the tail, POPCNT.
std::uint32_t hamming_row(const std::uint64_t* query, const std::uint64_t* row, std::size_t words) {
    std::size_t w = 0;
    std::uint64_t total = 0;
    if (words >= 16) {
        __m512i sums = _mm512_setzero_si512();
        for (; w + 8 <= words; w += 8)
            sums = _mm512_add_epi64(sums, n_ones(_mm512_xor_si512(load(query + w), load(row + w))));
        total = static_cast<std::uint64_t>(_mm512_reduce_add_epi64(sums));
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
    for (std::size_t i = 0; i < count; i += 16) {
        const auto lanes = static_cast<__mmask16>(count - i < 16 ? (1U << (count - i)) - 1 : 0xffffU);
        _mm512_mask_storeu_ps(out + i, lanes, _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(lanes, half + i)));
    }
}

}  // namespace

const Kernels avx512_kernels = {
    "avx512",
    float_batch<DotTerm>,
    float_batch<SquaredTerm>,
    float_batch<AbsoluteTerm>,
    byte_batch<DotBytes, std::int8_t, std::int32_t>,
    avx512::dot_i8_block,
    avx512::dot_u4,
    avx512::sketch_below,
    avx512::sketch_residual,
    byte_batch<SquaredBytes, std::uint8_t, std::uint32_t>,
    byte_batch<AbsoluteBytes, std::uint8_t, std::uint32_t>,
    hamming,
    half_to_float,
    hadamard,
    largest_magnitude,
    round_to_i8,
    whole_u8,
    &avx512_vectors,
};

}  // namespace nearfile::kernels
