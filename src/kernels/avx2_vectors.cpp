// Kernels for AVX2 with F16C that read vectors as they are kept: eight values at a time, four rows together.
#include <immintrin.h>

#include "kernels/avx2_floats.hpp"
#include "kernels/tables.hpp"

namespace nearfile::kernels {
namespace {

struct Row {
    const char* values;
    const char* lower;
    __m256 scale;
};

// ---- how a vector is kept: eight values from i on

__m256i eight_words(const char* at) {
    return _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
}

struct Single {
    static __m256 of(const Row& row, std::size_t i) {
        return _mm256_loadu_ps(reinterpret_cast<const float*>(row.values) + i);
    }
    static __m256 first(const Row& row, std::size_t i, __m256i lanes) {
        return _mm256_maskload_ps(reinterpret_cast<const float*>(row.values) + i, lanes);
    }
};

// Reads past the end, which is why the lanes that are not wanted are cleared and not multiplied by zero.
template <class Kept>
struct Overreading {
    static __m256 first(const Row& row, std::size_t i, __m256i lanes) {
        return _mm256_and_ps(_mm256_castsi256_ps(lanes), Kept::of(row, i));
    }
};

struct Half : Overreading<Half> {
    static __m256 of(const Row& row, std::size_t i) {
        return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row.values + i * 2)));
    }
};
struct Byte : Overreading<Byte> {
    static __m256 of(const Row& row, std::size_t i) {
        const __m128i eight = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(row.values + i));
        return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(eight));
    }
};
struct Upper : Overreading<Upper> {
    static __m256 of(const Row& row, std::size_t i) {
        return _mm256_castsi256_ps(_mm256_slli_epi32(eight_words(row.values + i * 2), 16));
    }
};
struct Parts : Overreading<Parts> {
    static __m256 of(const Row& row, std::size_t i) {
        const __m256i upper = _mm256_slli_epi32(eight_words(row.values + i * 2), 16);
        return _mm256_castsi256_ps(_mm256_or_si256(upper, eight_words(row.lower + i * 2)));
    }
};

// ---- what is added up

struct MagnitudeTerm {
    static __m256 of(__m256 q, __m256 x) { return absolute(_mm256_mul_ps(q, x)); }
};

// The 32 partial sums of each row, folded to four.
template <class Kept, class Term, int n_rows>
void vector_sums(const float* query, const Row (&rows)[n_rows], std::size_t dim, __m128* folded) {
    __m256 sums[n_rows][4];
    for (int r = 0; r < n_rows; ++r)
        for (int s = 0; s < 4; ++s) sums[r][s] = _mm256_setzero_ps();
    std::size_t i = 0;
    for (; i + 32 <= dim; i += 32)
        for (int s = 0; s < 4; ++s) {
            const std::size_t at = i + static_cast<std::size_t>(s) * 8;
            const __m256 q = _mm256_loadu_ps(query + at);
            for (int r = 0; r < n_rows; ++r) {
                const __m256 x = _mm256_mul_ps(rows[r].scale, Kept::of(rows[r], at));
                sums[r][s] = _mm256_add_ps(sums[r][s], Term::of(q, x));
            }
        }
    for (std::size_t s = 0; s < 4 && i < dim; ++s, i += 8) {
        const __m256i lanes = first_lanes(dim - i < 8 ? dim - i : 8);
        const __m256 q = _mm256_maskload_ps(query + i, lanes);
        for (int r = 0; r < n_rows; ++r) {
            // A lane that is not wanted is a term of zeros even where the scale is not finite.
            const __m256 x =
                _mm256_and_ps(_mm256_castsi256_ps(lanes), _mm256_mul_ps(rows[r].scale, Kept::first(rows[r], i, lanes)));
            sums[r][s] = _mm256_add_ps(sums[r][s], Term::of(q, x));
        }
    }
    for (int r = 0; r < n_rows; ++r) folded[r] = fold_partial_sums(sums[r]);
}

Row row_at(const VectorRows& rows, const ItemId* ids, std::size_t j) {
    const std::size_t at = ids ? ids[j] : j;
    return {static_cast<const char*>(rows.values) + at * rows.stride,
            rows.lower ? static_cast<const char*>(rows.lower) + at * rows.stride : nullptr,
            _mm256_set1_ps(rows.scales ? rows.scales[at] * rows.scale : rows.scale)};
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

constinit const VectorKernels avx2_vectors = {set_of<Single>, set_of<Half>, set_of<Byte>, set_of<Upper>, set_of<Parts>};

}  // namespace nearfile::kernels
