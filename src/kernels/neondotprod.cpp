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
    const RowId* ids;
    std::size_t count;
    std::size_t reach;  // bytes of a row to prefetch
    std::size_t ahead;  // rows to prefetch ahead; 0 where they come in sequence, which the hardware foresees
    bool straddles;     // rows that do not start a line may end in one more

    [[gnu::always_inline]] Batch(const void* first, std::size_t bytes_between, const RowId* row_ids, std::size_t n_rows,
                                 std::size_t row_bytes)
        : rows(static_cast<const char*>(first)),
          stride(bytes_between),
          ids(row_ids),
          count(n_rows),
          reach(row_bytes < most_lines_of_row * line ? row_bytes : most_lines_of_row * line),
          ahead(0),
          straddles((reinterpret_cast<std::uintptr_t>(first) | bytes_between) % line != 0) {
        if (!ids) return;
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

void dot_i8(const std::int8_t* query, const std::int8_t* rows, std::size_t stride, const RowId* ids, std::size_t count,
            std::size_t dim, std::int32_t* out) {
    const Batch batch(rows, stride, ids, count, dim);
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

}  // namespace

const Kernels neondotprod_kernels = {
    "neondotprod", nullptr, nullptr, nullptr, dot_i8, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
};

}  // namespace nearfile::kernels
