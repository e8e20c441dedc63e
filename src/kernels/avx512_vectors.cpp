// Kernels for AVX-512 that read vectors as they are kept: sixteen values at a time, four rows together, masked loads
// for the tails.
#include <immintrin.h>

#include "kernels/avx512_floats.hpp"
#include "kernels/tables.hpp"

namespace nearfile::kernels {
namespace {

struct Row {
    const char* values;
    const char* lower;
    __m512 scale;
};

// ---- how a vector is kept: sixteen values from i on, and the first of them

struct Single {
    static __m512 of(const Row& row, std::size_t i) { return _mm512_loadu_ps(row.values + i * 4); }
    static __m512 first(const Row& row, std::size_t i, __mmask16 lanes) {
        return _mm512_maskz_loadu_ps(lanes, row.values + i * 4);
    }
};

__m256i sixteen(const char* at) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

struct Half {
    static __m512 of(const Row& row, std::size_t i) { return _mm512_cvtph_ps(sixteen(row.values + i * 2)); }
    static __m512 first(const Row& row, std::size_t i, __mmask16 lanes) {
        return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(lanes, row.values + i * 2));
    }
};

struct Byte {
    static __m512 single(__m128i bytes) { return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes)); }
    static __m512 of(const Row& row, std::size_t i) {
        return single(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row.values + i)));
    }
    static __m512 first(const Row& row, std::size_t i, __mmask16 lanes) {
        return single(_mm_maskz_loadu_epi8(lanes, row.values + i));
    }
};

struct Upper {
    static __m512i shifted(__m256i halves) { return _mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16); }
    static __m512 of(const Row& row, std::size_t i) {
        return _mm512_castsi512_ps(shifted(sixteen(row.values + i * 2)));
    }
    static __m512 first(const Row& row, std::size_t i, __mmask16 lanes) {
        return _mm512_castsi512_ps(shifted(_mm256_maskz_loadu_epi16(lanes, row.values + i * 2)));
    }
};

struct Parts {
    static __m512 together(__m256i upper, __m256i lower) {
        return _mm512_castsi512_ps(_mm512_or_si512(Upper::shifted(upper), _mm512_cvtepu16_epi32(lower)));
    }
    static __m512 of(const Row& row, std::size_t i) {
        return together(sixteen(row.values + i * 2), sixteen(row.lower + i * 2));
    }
    static __m512 first(const Row& row, std::size_t i, __mmask16 lanes) {
        return together(_mm256_maskz_loadu_epi16(lanes, row.values + i * 2),
                        _mm256_maskz_loadu_epi16(lanes, row.lower + i * 2));
    }
};

// ---- what is added up

struct MagnitudeTerm {
    static __m512 of(__m512 q, __m512 x) { return _mm512_abs_ps(_mm512_mul_ps(q, x)); }
};

// The 32 partial sums of each row, folded to four.
template <class Kept, class Term, int n_rows>
void vector_sums(const float* query, const Row (&rows)[n_rows], std::size_t dim, __m128* folded) {
    __m512 sums[n_rows][2];
    for (int r = 0; r < n_rows; ++r)
        for (int s = 0; s < 2; ++s) sums[r][s] = _mm512_setzero_ps();
    std::size_t i = 0;
    for (; i + 32 <= dim; i += 32)
        for (int s = 0; s < 2; ++s) {
            const std::size_t at = i + static_cast<std::size_t>(s) * 16;
            const __m512 q = _mm512_loadu_ps(query + at);
            for (int r = 0; r < n_rows; ++r) {
                const __m512 x = _mm512_mul_ps(rows[r].scale, Kept::of(rows[r], at));
                sums[r][s] = _mm512_add_ps(sums[r][s], Term::of(q, x));
            }
        }
    for (std::size_t s = 0; s < 2 && i < dim; ++s, i += 16) {
        const auto lanes = static_cast<__mmask16>(dim - i < 16 ? (1U << (dim - i)) - 1 : 0xffffU);
        const __m512 q = _mm512_maskz_loadu_ps(lanes, query + i);
        for (int r = 0; r < n_rows; ++r) {
            // A lane that is not wanted is a term of zeros even where the scale is not finite.
            const __m512 x = _mm512_maskz_mul_ps(lanes, rows[r].scale, Kept::first(rows[r], i, lanes));
            sums[r][s] = _mm512_add_ps(sums[r][s], Term::of(q, x));
        }
    }
    for (int r = 0; r < n_rows; ++r) folded[r] = fold_partial_sums(sums[r]);
}

Row row_at(const VectorRows& rows, const ItemId* ids, std::size_t j) {
    const std::size_t at = ids ? ids[j] : j;
    return {static_cast<const char*>(rows.values) + at * rows.stride,
            rows.lower ? static_cast<const char*>(rows.lower) + at * rows.stride : nullptr,
            _mm512_set1_ps(rows.scales ? rows.scales[at] * rows.scale : rows.scale)};
}

template <class Kept, class Term>
void vector_batch(const float* query, const VectorRows& rows, const ItemId* ids, std::size_t count, std::size_t dim,
                  float* out) {
    std::size_t j = 0;
    for (; j + 4 <= count; j += 4) {
        const Row four[4] = {row_at(rows, ids, j), row_at(rows, ids, j + 1), row_at(rows, ids, j + 2),
                             row_at(rows, ids, j + 3)};
        __m128 folded[4];
        vector_sums<Kept, Term, 4>(query, four, dim, folded);
        _mm_storeu_ps(out + j, fold_four(folded));
    }
    for (; j < count; ++j) {
        const Row one[1] = {row_at(rows, ids, j)};
        __m128 folded[4] = {};
        vector_sums<Kept, Term, 1>(query, one, dim, folded);
        _mm_store_ss(out + j, fold_four(folded));
    }
}

template <class Kept>
constexpr VectorKernelSet set_of = {vector_batch<Kept, DotTerm>, vector_batch<Kept, SquaredTerm>,
                                    vector_batch<Kept, AbsoluteTerm>, vector_batch<Kept, MagnitudeTerm>};

}  // namespace

constinit const VectorKernels avx512_vectors = {set_of<Single>, set_of<Half>, set_of<Byte>, set_of<Upper>,
                                                set_of<Parts>};

}  // namespace nearfile::kernels
