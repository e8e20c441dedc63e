// What the kernels of floats for AVX2 share: avx2.cpp, avx2_vectors.cpp. In an anonymous namespace, as batch.hpp says
// why.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace nearfile::kernels {
namespace {

__m256 absolute(__m256 value) {
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), value);
}

struct DotTerm {
    static __m256 of(__m256 q, __m256 x) { return _mm256_mul_ps(q, x); }
};
struct SquaredTerm {
    static __m256 of(__m256 q, __m256 x) {
        const __m256 difference = _mm256_sub_ps(q, x);
        return _mm256_mul_ps(difference, difference);
    }
};
struct AbsoluteTerm {
    static __m256 of(__m256 q, __m256 x) { return absolute(_mm256_sub_ps(q, x)); }
};

// The first `n` lanes of eight set, for masked loads.
__m256i first_lanes(std::size_t n) {
    alignas(32) static const std::int32_t lanes[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(lanes + 8 - n));
}

// 32 partial sums, folded to four.
[[gnu::always_inline]] inline __m128 fold_partial_sums(const __m256 (&sums)[4]) {
    const __m256 eight = _mm256_add_ps(_mm256_add_ps(sums[0], sums[2]), _mm256_add_ps(sums[1], sums[3]));
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
