// What the kernels of floats for AVX-512 share: avx512.cpp, avx512_vectors.cpp. In an anonymous namespace, as batch.hpp
// says why.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace nearfile::kernels {
namespace {

struct DotTerm {
    static __m512 of(__m512 q, __m512 x) { return _mm512_mul_ps(q, x); }
};
struct SquaredTerm {
    static __m512 of(__m512 q, __m512 x) {
        const __m512 difference = _mm512_sub_ps(q, x);
        return _mm512_mul_ps(difference, difference);
    }
};
struct AbsoluteTerm {
    static __m512 of(__m512 q, __m512 x) { return _mm512_abs_ps(_mm512_sub_ps(q, x)); }
};

// 32 partial sums, folded to four.
[[gnu::always_inline]] inline __m128 fold_partial_sums(const __m512 (&sums)[2]) {
    const __m512 sixteen = _mm512_add_ps(sums[0], sums[1]);
    const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(sixteen), _mm512_extractf32x8_ps(sixteen, 1));
    return _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
}

// Folds four sums of each of four rows: lane r of the result is row r, added as (s0 + s2) + (s1 + s3).
__m128 fold_four(const __m128 (&s)[4]) {
    const __m128 ab = _mm_add_ps(_mm_unpacklo_ps(s[0], s[1]), _mm_unpackhi_ps(s[0], s[1]));
    const __m128 cd = _mm_add_ps(_mm_unpacklo_ps(s[2], s[3]), _mm_unpackhi_ps(s[2], s[3]));
    return _mm_add_ps(_mm_movelh_ps(ab, cd), _mm_movehl_ps(cd, ab));
}

}  // namespace
}  // namespace nearfile::kernels
