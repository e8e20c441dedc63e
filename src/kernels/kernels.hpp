// The inner loops: one table of function pointers per instruction set. The only folder with intrinsics.
//
// Each takes a batch (one query against `count` rows), so that one indirect call is paid per batch. Row j is row ids[j]
// of `rows`, or row j where `ids` is null. `stride` is the distance between rows in bytes. Kernels cannot fail,
// allocate nothing, and may run on any thread.
//
// Every version of a kernel returns the same bits as the scalar one:
// - integer kernels are exact;
// - float kernels add in one fixed order: 32 partial sums, number i % 32 for dimension i, each product rounded before
// it is
//   added (no fused multiply-add), then folded 32 -> 16 -> 8 -> 4 -> 2 -> 1, the upper half onto the lower.
//
// Reading: float, half and bit rows are never read past their end. Rows of 8-bit codes may be read up to
// `code_overread` bytes past dim (what is read there does not matter), and 8-bit queries must be zero up to the next
// multiple of 64.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nearfile::kernels {

inline constexpr std::size_t code_overread = 64;

using RowId = std::uint32_t;

// A query as sketches see it.
struct SketchQuery {
    const std::uint8_t* tables;  // 16 entries each, at a multiple of 64
    std::size_t n_tables;
    float step;
    float offset;
};

struct Kernels {
    const char* name;

    // sum q_i x_i, sum (q_i - x_i)^2, sum |q_i - x_i|
    void (*dot_f32)(const float* query, const float* rows, std::size_t stride, const RowId* ids, std::size_t count,
                    std::size_t dim, float* out);
    void (*squared_l2_f32)(const float* query, const float* rows, std::size_t stride, const RowId* ids,
                           std::size_t count, std::size_t dim, float* out);
    void (*l1_f32)(const float* query, const float* rows, std::size_t stride, const RowId* ids, std::size_t count,
                   std::size_t dim, float* out);

    // Signed codes: rows from -128 to 127, queries from -127 to 127. dim up to 65,536 cannot overflow.
    void (*dot_i8)(const std::int8_t* query, const std::int8_t* rows, std::size_t stride, const RowId* ids,
                   std::size_t count, std::size_t dim, std::int32_t* out);

    // The same for `n_queries` queries, one to four, against the same rows in sequence: the product of query k with row
    // j goes to out[k * count + j]. Each query is laid out like a row, `stride` after the one before, and must, other
    // than a row, be zero from dim to the next multiple of 64.
    void (*dot_i8_block)(const std::int8_t* queries, std::size_t n_queries, const std::int8_t* rows, std::size_t stride,
                         std::size_t count, std::size_t dim, std::int32_t* out);

    // Rows of 4-bit codes, 0 to 15, against queries from -127 to 127: `blocks` blocks of 32 bytes, each of 64
    // dimensions; the lower half of byte b of a block is dimension b, the upper half dimension 32 + b. Never read past
    // their end.
    void (*dot_u4)(const std::int8_t* query, const std::uint8_t* rows, std::size_t stride, const RowId* ids,
                   std::size_t count, std::size_t blocks, std::int32_t* out);
    // The same for a caller that has prefetched the rows itself, or has them in cache: the kernel does not.
    void (*dot_u4_prefetched)(const std::int8_t* query, const std::uint8_t* rows, std::size_t stride, const RowId* ids,
                              std::size_t count, std::size_t blocks, std::int32_t* out);

    // Which of the 32 neighbours of a group may be nearer than the bar: bit j of the result is set where
    //     (base + additive[j]) - factor[j] * (step * sum[j] + offset) < bar
    // sum[j] being what neighbour j looks up in each of the tables, one 4-bit index a table: of table t, the lower half
    // of byte 16 t + i of `bits` is neighbour i's, the upper half neighbour i + 16's. `n_tables` is even and at most
    // 256. Nothing is read past the end, nothing prefetched; a NaN on either side is not below.
    std::uint32_t (*sketch_below)(const SketchQuery& query, float base, float bar, const std::uint8_t* bits,
                                  const std::uint16_t* additive, const std::uint16_t* factor);

    // Unsigned codes, 0 to 255.
    void (*squared_l2_u8)(const std::uint8_t* query, const std::uint8_t* rows, std::size_t stride, const RowId* ids,
                          std::size_t count, std::size_t dim, std::uint32_t* out);
    void (*l1_u8)(const std::uint8_t* query, const std::uint8_t* rows, std::size_t stride, const RowId* ids,
                  std::size_t count, std::size_t dim, std::uint32_t* out);

    // Number of differing bits of rows of `words` 64-bit words.
    void (*hamming)(const std::uint64_t* query, const std::uint64_t* rows, std::size_t stride, const RowId* ids,
                    std::size_t count, std::size_t words, std::uint32_t* out);

    // IEEE half precision to single precision: exact.
    void (*half_to_float)(const std::uint16_t* half, std::size_t count, float* out);
};

// What NEARFILE_ISA or the processor chooses, settled at the first call. Null, with `message` set to a static text that
// lists the names, when NEARFILE_ISA names an instruction set that is unknown or that this machine cannot run.
const Kernels* chosen(const char** message);

// Every instruction set that this machine can run, slowest first; ends with null. The scalar reference is always the
// first.
const Kernels* const* supported();

}  // namespace nearfile::kernels
