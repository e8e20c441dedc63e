// What the dot product extension does better than neon.cpp: four products of bytes added into a 32-bit sum by one
// instruction. The other kernels are null here; dispatch.cpp takes them from neon.cpp.
#include <arm_neon.h>

#include "kernels/batch.hpp"
#include "kernels/tables.hpp"

namespace nearfile::kernels {
namespace {

template <int n_rows>
void dot_sums(const std::int8_t* query, const char* const (&rows)[n_rows], std::size_t dim, int32x4_t (&sums)[n_rows]) {
    for (int r = 0; r < n_rows; ++r) sums[r] = vdupq_n_s32(0);
    for (std::size_t i = 0; i < dim; i += 16) {
        const int8x16_t q = vld1q_s8(query + i);
        for (int r = 0; r < n_rows; ++r)
            sums[r] = vdotq_s32(sums[r], q, vld1q_s8(reinterpret_cast<const std::int8_t*>(rows[r] + i)));
    }
}

void dot_i8(const std::int8_t* query, const std::int8_t* rows, std::size_t stride, const ItemId* ids, std::size_t count,
            std::size_t dim, std::int32_t* out) {
    const Batch batch(rows, stride, ids, count, dim);
    std::size_t j = 0;
    for (; j + 4 <= count; j += 4) {
        batch.prefetch_ahead(j, 4);
        const char* const four[4] = {batch[j], batch[j + 1], batch[j + 2], batch[j + 3]};
        int32x4_t sums[4];
        dot_sums<4>(query, four, dim, sums);
        vst1q_s32(out + j, vpaddq_s32(vpaddq_s32(sums[0], sums[1]), vpaddq_s32(sums[2], sums[3])));
    }
    for (; j < count; ++j) {
        const char* const one[1] = {batch[j]};
        int32x4_t sum[1];
        dot_sums<1>(query, one, dim, sum);
        out[j] = vaddvq_s32(sum[0]);
    }
}

// ---- blocks of 8-bit codes

template <int n_queries, int n_rows>
[[gnu::always_inline]] inline void block_products(const std::int8_t* queries, const std::int8_t* rows,
                                                  std::size_t stride, std::size_t count, std::size_t dim,
                                                  std::int32_t* out) {
    int32x4_t sums[n_queries][n_rows];
    for (int k = 0; k < n_queries; ++k)
        for (int r = 0; r < n_rows; ++r) sums[k][r] = vdupq_n_s32(0);
    for (std::size_t i = 0; i < dim; i += 16) {
        int8x16_t x[n_rows];
        for (std::size_t r = 0; r < n_rows; ++r) x[r] = vld1q_s8(rows + r * stride + i);
        for (std::size_t k = 0; k < n_queries; ++k) {
            const int8x16_t q = vld1q_s8(queries + k * stride + i);
            for (int r = 0; r < n_rows; ++r) sums[k][r] = vdotq_s32(sums[k][r], q, x[r]);
        }
    }
    for (std::size_t k = 0; k < n_queries; ++k) {
        if constexpr (n_rows == 4)
            vst1q_s32(out + k * count,
                      vpaddq_s32(vpaddq_s32(sums[k][0], sums[k][1]), vpaddq_s32(sums[k][2], sums[k][3])));
        else
            out[k * count] = vaddvq_s32(sums[k][0]);
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

// ---- 4-bit codes: from 0 to 15, they are signed bytes too

// Always inline, or the sums go through memory.
template <int n_rows>
[[gnu::always_inline]] inline void nibble_sums(const std::int8_t* query, const char* const (&rows)[n_rows],
                                               std::size_t blocks, int32x4_t (&sums)[n_rows]) {
    for (int r = 0; r < n_rows; ++r) sums[r] = vdupq_n_s32(0);
    for (std::size_t b = 0; b < blocks; ++b)
        for (std::size_t half = 0; half < 32; half += 16) {
            const int8x16_t q_low = vld1q_s8(query + b * 64 + half);
            const int8x16_t q_high = vld1q_s8(query + b * 64 + 32 + half);
            for (int r = 0; r < n_rows; ++r) {
                const uint8x16_t both = vld1q_u8(reinterpret_cast<const std::uint8_t*>(rows[r]) + b * 32 + half);
                sums[r] = vdotq_s32(sums[r], q_low, vreinterpretq_s8_u8(vandq_u8(both, vdupq_n_u8(15))));
                sums[r] = vdotq_s32(sums[r], q_high, vreinterpretq_s8_u8(vshrq_n_u8(both, 4)));
            }
        }
}

void dot_u4(const std::int8_t* query, const std::uint8_t* rows, std::size_t stride, const ItemId* ids,
            std::size_t count, std::size_t blocks, std::int32_t* out) {
    const Rows row(rows, stride, ids);
    std::size_t j = 0;
    for (; j + 4 <= count; j += 4) {
        const char* const four[4] = {row[j], row[j + 1], row[j + 2], row[j + 3]};
        int32x4_t sums[4];
        nibble_sums<4>(query, four, blocks, sums);
        vst1q_s32(out + j, vpaddq_s32(vpaddq_s32(sums[0], sums[1]), vpaddq_s32(sums[2], sums[3])));
    }
    for (; j < count; ++j) {
        const char* const one[1] = {row[j]};
        int32x4_t sum[1];
        nibble_sums<1>(query, one, blocks, sum);
        out[j] = vaddvq_s32(sum[0]);
    }
}

}  // namespace

const Kernels neondotprod_kernels = {
    "neondotprod", nullptr, nullptr, nullptr, dot_i8,  dot_i8_block, dot_u4,  nullptr, nullptr,
    nullptr,       nullptr, nullptr, nullptr, nullptr, nullptr,      nullptr, nullptr, nullptr,
};

}  // namespace nearfile::kernels
