// What AVX-512 VNNI does better than avx512.cpp: products of bytes (and of 16-bit numbers) added into 32-bit sums by
// one instruction. The other kernels are null here; dispatch.cpp takes them from avx512.cpp.
#include <immintrin.h>

#include "kernels/batch.hpp"
#include "kernels/tables.hpp"

namespace nearfile::kernels {
namespace {

__m512i load(const void* at) {
    return _mm512_loadu_si512(at);
}

// dpbusd multiplies unsigned by signed bytes: the row is moved up by 128, which adds 128 * sum(query) to every product
// sum; that is the same for all rows and is taken off at the end. Past dim the query is zero.
struct DotBytes {
    static constexpr bool query_is_zero_past_dim_is_enough = true;
    static __m512i add(__m512i sum, __m512i q, __m512i x) {
        return _mm512_dpbusd_epi32(sum, _mm512_xor_si512(x, _mm512_set1_epi8(-128)), q);
    }
    static std::int32_t excess(const void* query, std::size_t dim) {
        __m512i sum = _mm512_setzero_si512();
        for (std::size_t i = 0; i < dim; i += 64)
            sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(1), load(static_cast<const char*>(query) + i));
        return 128 * _mm512_reduce_add_epi32(sum);
    }
};

struct SquaredBytes {
    static constexpr bool query_is_zero_past_dim_is_enough = false;
    static __m512i add(__m512i sum, __m512i q, __m512i x) {
        const __m512i difference = _mm512_or_si512(_mm512_subs_epu8(q, x), _mm512_subs_epu8(x, q));
        const __m512i even = _mm512_and_si512(difference, _mm512_set1_epi16(255));
        const __m512i odd = _mm512_srli_epi16(difference, 8);
        return _mm512_dpwssd_epi32(_mm512_dpwssd_epi32(sum, even, even), odd, odd);
    }
    static std::int32_t excess(const void*, std::size_t) { return 0; }
};

template <class Term, int n_rows>
void byte_sums(const void* query, const char* const (&rows)[n_rows], std::size_t dim, __m512i (&sums)[n_rows]) {
    for (int r = 0; r < n_rows; ++r) sums[r] = _mm512_setzero_si512();
    const char* q_bytes = static_cast<const char*>(query);
    const std::size_t n_unmasked = Term::query_is_zero_past_dim_is_enough ? dim : dim / 64 * 64;
    std::size_t i = 0;
    for (; i < n_unmasked; i += 64) {
        const __m512i q = load(q_bytes + i);
        for (int r = 0; r < n_rows; ++r) sums[r] = Term::add(sums[r], q, load(rows[r] + i));
    }
    if (i < dim) {
        const auto wanted = static_cast<__mmask64>((1ULL << (dim - i)) - 1);
        const __m512i q = load(q_bytes + i);
        for (int r = 0; r < n_rows; ++r) sums[r] = Term::add(sums[r], q, _mm512_maskz_loadu_epi8(wanted, rows[r] + i));
    }
}

// The totals of four rows, one a lane.
[[gnu::always_inline]] inline __m128i fold_four(const __m512i (&s)[4]) {
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
    const __m128i excess = _mm_set1_epi32(Term::excess(query, dim));
    std::size_t j = 0;
    for (; j + 4 <= count; j += 4) {
        batch.prefetch_ahead(j, 4);
        const char* const four[4] = {batch[j], batch[j + 1], batch[j + 2], batch[j + 3]};
        __m512i sums[4];
        byte_sums<Term, 4>(query, four, dim, sums);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + j), _mm_sub_epi32(fold_four(sums), excess));
    }
    for (; j < count; ++j) {
        const char* const one[1] = {batch[j]};
        __m512i sum[1];
        byte_sums<Term, 1>(query, one, dim, sum);
        const __m512i sums[4] = {sum[0]};
        out[j] = static_cast<Sum>(_mm_cvtsi128_si32(_mm_sub_epi32(fold_four(sums), excess)));
    }
}

// ---- blocks of 8-bit codes

// The sums of four queries and four rows; a row is moved up by 128 once for all queries.
template <int n_queries, int n_rows>
[[gnu::always_inline]] inline void block_products(const std::int8_t* queries, const std::int8_t* rows,
                                                  std::size_t stride, std::size_t count, std::size_t dim,
                                                  const std::int32_t (&excess)[n_queries], std::int32_t* out) {
    __m512i sums[n_queries][4];
    for (int k = 0; k < n_queries; ++k)
        for (int r = 0; r < 4; ++r) sums[k][r] = _mm512_setzero_si512();
    for (std::size_t i = 0; i < dim; i += 64) {
        __m512i x[n_rows];
        for (std::size_t r = 0; r < n_rows; ++r)
            x[r] = _mm512_xor_si512(load(rows + r * stride + i), _mm512_set1_epi8(-128));
        for (std::size_t k = 0; k < n_queries; ++k) {
            const __m512i q = load(queries + k * stride + i);
            for (int r = 0; r < n_rows; ++r) sums[k][r] = _mm512_dpbusd_epi32(sums[k][r], x[r], q);
        }
    }
    for (std::size_t k = 0; k < n_queries; ++k) {
        const __m128i totals = _mm_sub_epi32(fold_four(sums[k]), _mm_set1_epi32(excess[k]));
        if constexpr (n_rows == 4)
            _mm_storeu_si128(reinterpret_cast<__m128i*>(out + k * count), totals);
        else
            out[k * count] = _mm_cvtsi128_si32(totals);
    }
}

template <int n_queries>
void block_queries(const std::int8_t* queries, const std::int8_t* rows, std::size_t stride, std::size_t count,
                   std::size_t dim, std::int32_t* out) {
    std::int32_t excess[n_queries];
    for (std::size_t k = 0; k < n_queries; ++k) excess[k] = DotBytes::excess(queries + k * stride, dim);
    std::size_t j = 0;
    for (; j + 4 <= count; j += 4)
        block_products<n_queries, 4>(queries, rows + j * stride, stride, count, dim, excess, out + j);
    for (; j < count; ++j)
        block_products<n_queries, 1>(queries, rows + j * stride, stride, count, dim, excess, out + j);
}

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

// ---- 4-bit codes

// Always inline, or the sums go through memory. Sixteen 32-bit sums of a row, two of its blocks at a time. 4-bit codes
// are unsigned, as dpbusd wants its first factor.
template <int n_rows>
[[gnu::always_inline]] inline void nibble_sums(const std::int8_t* query, const char* const (&rows)[n_rows],
                                               std::size_t blocks, __m512i (&sums)[n_rows]) {
    const __m512i low_half = _mm512_set1_epi8(15);
    for (int r = 0; r < n_rows; ++r) sums[r] = _mm512_setzero_si512();
    std::size_t b = 0;
    for (; b + 2 <= blocks; b += 2) {
        const __m512i q = load(query + b * 64);
        const __m512i next_q = load(query + b * 64 + 64);
        const __m512i q_low = _mm512_shuffle_i64x2(q, next_q, 0x44);
        const __m512i q_high = _mm512_shuffle_i64x2(q, next_q, 0xee);
        for (int r = 0; r < n_rows; ++r) {
            const __m512i both = load(rows[r] + b * 32);
            sums[r] = _mm512_dpbusd_epi32(sums[r], _mm512_and_si512(both, low_half), q_low);
            sums[r] = _mm512_dpbusd_epi32(sums[r], _mm512_and_si512(_mm512_srli_epi16(both, 4), low_half), q_high);
        }
    }
    if (b < blocks) {
        const __m512i q = load(query + b * 64);
        for (int r = 0; r < n_rows; ++r) {
            const __m256i both = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows[r] + b * 32));
            const __m512i x = _mm512_inserti64x4(_mm512_castsi256_si512(both), _mm256_srli_epi16(both, 4), 1);
            sums[r] = _mm512_dpbusd_epi32(sums[r], _mm512_and_si512(x, low_half), q);
        }
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

}  // namespace

const Kernels avx512vnni_kernels = {
    "avx512vnni", nullptr, nullptr, nullptr, byte_batch<DotBytes, std::int8_t, std::int32_t>,
    dot_i8_block, dot_u4,  nullptr, nullptr, byte_batch<SquaredBytes, std::uint8_t, std::uint32_t>,
    nullptr,      nullptr, nullptr, nullptr, nullptr,
    nullptr,      nullptr, nullptr,
};

}  // namespace nearfile::kernels
