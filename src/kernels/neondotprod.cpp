// What the dot product extension does better than neon.cpp: four products of bytes added into a 32-bit sum by one
// instruction. The other kernels are null here; dispatch.cpp takes them from neon.cpp.
#include <arm_neon.h>

#include "kernels/tables.hpp"

namespace nearfile::kernels {
namespace {

constexpr std::size_t line = 64;  // bytes of a cache line

// Tuned with the AVX2 kernels, where the notes stand: avx2.cpp.
constexpr std::size_t lines_ahead = 48;
constexpr std::size_t fewest_rows_ahead = 4;
constexpr std::size_t most_lines_of_row = 16;

// The rows of one call.
struct Batch {
    const char* rows;
    std::size_t stride;
    const ItemId* ids;
    std::size_t count;
    std::size_t reach;  // bytes of a row to prefetch
    std::size_t ahead;  // rows to prefetch ahead; 0 where they come in sequence or the caller has done it
    bool straddles;     // rows that do not start a line may end in one more

    [[gnu::always_inline]] Batch(const void* first, std::size_t bytes_between, const ItemId* row_ids,
                                 std::size_t n_rows, std::size_t row_bytes, bool prefetched)
        : rows(static_cast<const char*>(first)),
          stride(bytes_between),
          ids(row_ids),
          count(n_rows),
          reach(row_bytes < most_lines_of_row * line ? row_bytes : most_lines_of_row * line),
          ahead(0),
          straddles((reinterpret_cast<std::uintptr_t>(first) | bytes_between) % line != 0) {
        if (!ids || prefetched) return;
        const std::size_t n_rows_ahead = lines_ahead / (reach / line + 1);
        ahead = n_rows_ahead < fewest_rows_ahead ? fewest_rows_ahead : n_rows_ahead;
        prefetch(0, ahead);
    }

    const char* row(std::size_t j) const { return rows + stride * (ids ? ids[j] : j); }

    // Always inline: out of line, GCC takes functions that only prefetch for pure ones and deletes the calls.
    [[gnu::always_inline]] void prefetch(std::size_t from, std::size_t to) const {
        const std::size_t end = to < count ? to : count;
        for (std::size_t j = from; j < end; ++j) {
            const char* start = rows + stride * ids[j];
            for (std::size_t offset = 0; offset < reach; offset += line) __builtin_prefetch(start + offset);
            if (straddles) __builtin_prefetch(start + reach - 1);
        }
    }

    [[gnu::always_inline]] void prefetch_ahead(std::size_t j, std::size_t n_rows) const {
        if (ahead) prefetch(j + ahead, j + ahead + n_rows);
    }
};

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
    const Batch batch(rows, stride, ids, count, dim, false);
    std::size_t j = 0;
    for (; j + 4 <= count; j += 4) {
        batch.prefetch_ahead(j, 4);
        const char* const four[4] = {batch.row(j), batch.row(j + 1), batch.row(j + 2), batch.row(j + 3)};
        int32x4_t sums[4];
        dot_sums<4>(query, four, dim, sums);
        vst1q_s32(out + j, vpaddq_s32(vpaddq_s32(sums[0], sums[1]), vpaddq_s32(sums[2], sums[3])));
    }
    for (; j < count; ++j) {
        const char* const one[1] = {batch.row(j)};
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

template <bool prefetched>
void dot_u4(const std::int8_t* query, const std::uint8_t* rows, std::size_t stride, const ItemId* ids,
            std::size_t count, std::size_t blocks, std::int32_t* out) {
    const Batch batch(rows, stride, ids, count, blocks * 32, prefetched);
    std::size_t j = 0;
    for (; j + 4 <= count; j += 4) {
        batch.prefetch_ahead(j, 4);
        const char* const four[4] = {batch.row(j), batch.row(j + 1), batch.row(j + 2), batch.row(j + 3)};
        int32x4_t sums[4];
        nibble_sums<4>(query, four, blocks, sums);
        vst1q_s32(out + j, vpaddq_s32(vpaddq_s32(sums[0], sums[1]), vpaddq_s32(sums[2], sums[3])));
    }
    for (; j < count; ++j) {
        const char* const one[1] = {batch.row(j)};
        int32x4_t sum[1];
        nibble_sums<1>(query, one, blocks, sum);
        out[j] = vaddvq_s32(sum[0]);
    }
}

}  // namespace

const Kernels neondotprod_kernels = {
    "neondotprod", nullptr, nullptr, nullptr, dot_i8,  dot_i8_block, dot_u4<false>,
    dot_u4<true>,  nullptr, nullptr, nullptr, nullptr, nullptr,      nullptr,
};

}  // namespace nearfile::kernels
