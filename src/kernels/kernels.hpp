// The inner loops: one table of function pointers per instruction set. The only folder with intrinsics.
//
// Each takes a batch (one query against `count` rows), so that one indirect call is paid per batch. Row j is row ids[j]
// of `rows`, or row j where `ids` is null. `stride` is the distance between rows in bytes. Kernels cannot fail,
// allocate nothing, and may run on any thread.
//
// Every version of a kernel returns the same bits as the scalar one:
// - integer kernels are exact;
// - float kernels add in one fixed order: 32 partial sums, number i % 32 for dimension i, each rounded before it is
//   added (no fused multiply-add), then folded 32 -> 16 -> 8 -> 4 -> 2 -> 1, the upper half onto the lower.
//
// Reading: rows of floats and bits are never read past their end. Rows of 8-bit codes, and of vectors that are kept in
// halves or bytes (VectorRows), may be read up to `code_overread` bytes past dim (what is read there does not matter),
// and 8-bit queries must be zero up to the next multiple of 64.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nearfile::kernels {

inline constexpr std::size_t code_overread = 64;

using ItemId = std::uint32_t;

// A query as sketches see it: tables of 16 entries of at most 63, so that four look-ups fit in a byte.
struct SketchQuery {
    const std::uint8_t* even;  // tables 0, 2, 4, ...
    const std::uint8_t* odd;   // tables 1, 3, 5, ...
    std::size_t pairs;         // a multiple of 4, at most 512: tables of zeros fill up
    float step;
    float offset;
};

// The sketches of the neighbours of a vertex, in groups of 16. For each group, `bits` has 16 bytes for each pair of
// tables: the lower half of byte j is neighbour j's index into the even table of the pair, the upper half that into the
// odd.
struct SketchRow {
    const std::uint8_t* bits;
    const std::uint8_t* additive;  // one a neighbour, as the next
    const std::uint8_t* factor;
    float additive_step;
    float factor_step;
};

// Vectors as they are kept: floats, half-precision numbers, bytes, or floats in two parts: the upper 16 bits of every
// value row after row in the one, the lower 16 in the other.
struct VectorRows {
    const void* values;   // or the part of upper halves
    const void* lower;    // that of lower halves, of VectorKernels::parts alone
    std::size_t stride;   // between rows, of a part
    const float* scales;  // of each row, picked as rows are; or null: none
    float scale;          // of all rows
};

// One query against `count` of these rows, each value x of which counts as s x: s is the row's scale times that of all
// rows, rounded, or the latter alone. What is rounded is (s x), then as in the other float kernels. Nothing is fetched
// ahead.
using VectorKernel = void(const float* query, const VectorRows& rows, const ItemId* ids, std::size_t count,
                          std::size_t dim, float* out);

// For one way of keeping vectors.
struct VectorKernelSet {
    VectorKernel* dot;         // sum q_i (s x_i)
    VectorKernel* squared_l2;  // sum (q_i - s x_i)^2
    VectorKernel* l1;          // sum |q_i - s x_i|
    VectorKernel* magnitude;   // sum |q_i (s x_i)|: what rounding of `dot` is relative to
};

struct VectorKernels {
    VectorKernelSet singles;
    VectorKernelSet halves;
    VectorKernelSet bytes;
    VectorKernelSet upper;  // the upper part alone, lower halves being zero
    VectorKernelSet parts;  // both
};

struct Kernels {
    const char* name;

    // sum q_i x_i, sum (q_i - x_i)^2, sum |q_i - x_i|
    void (*dot_f32)(const float* query, const float* rows, std::size_t stride, const ItemId* ids, std::size_t count,
                    std::size_t dim, float* out);
    void (*squared_l2_f32)(const float* query, const float* rows, std::size_t stride, const ItemId* ids,
                           std::size_t count, std::size_t dim, float* out);
    void (*l1_f32)(const float* query, const float* rows, std::size_t stride, const ItemId* ids, std::size_t count,
                   std::size_t dim, float* out);

    // Signed codes: rows from -128 to 127, queries from -127 to 127. dim up to 65,536 cannot overflow.
    void (*dot_i8)(const std::int8_t* query, const std::int8_t* rows, std::size_t stride, const ItemId* ids,
                   std::size_t count, std::size_t dim, std::int32_t* out);

    // The same for `n_queries` queries, one to four, against the same rows in sequence: the product of query k with row
    // j goes to out[k * count + j]. Each query is laid out like a row, `stride` after the one before, and must, other
    // than a row, be zero from dim to the next multiple of 64.
    void (*dot_i8_block)(const std::int8_t* queries, std::size_t n_queries, const std::int8_t* rows, std::size_t stride,
                         std::size_t count, std::size_t dim, std::int32_t* out);

    // Rows of 4-bit codes, 0 to 15, against queries from -127 to 127: `blocks` blocks of 32 bytes, each of 64
    // dimensions; the lower half of byte b of a block is dimension b, the upper half dimension 32 + b. Never read past
    // their end, and not fetched ahead: the caller has done it, or has them in cache.
    void (*dot_u4)(const std::int8_t* query, const std::uint8_t* rows, std::size_t stride, const ItemId* ids,
                   std::size_t count, std::size_t blocks, std::int32_t* out);

    // Which neighbours of a vertex may be nearer than the threshold, and how many: bit i % 64 of masks[i / 64] is set
    // where
    //     (base + additive_step * additive[i]^2) - factor[i] * (a * sum[i] + b) < threshold
    // with a = factor_step * step, b = factor_step * offset, and sum[i] what neighbour i looks up in all tables. Four
    // groups a mask, written whole: what reads it at once would wait for halves.
    std::size_t (*sketch_below)(const SketchQuery& query, const SketchRow& row, float base, float threshold,
                                std::size_t n_groups, std::uint64_t* masks);

    // What a sketch keeps of r = scale * code - vertex: bit i % 8 of signs[i / 8 * 16] is set where r_i >= 0, and sums
    // are those of |r_i|, of r_i^2, and of vertex_i with the sign of r_i; each in 8 partial sums, number i % 8, folded
    // 8 -> 4 -> 2 -> 1. dim is a multiple of 8.
    void (*sketch_residual)(const float* vertex, const std::int8_t* code, float scale, std::size_t dim,
                            std::uint8_t* signs, float* sums);

    // Unsigned codes, 0 to 255.
    void (*squared_l2_u8)(const std::uint8_t* query, const std::uint8_t* rows, std::size_t stride, const ItemId* ids,
                          std::size_t count, std::size_t dim, std::uint32_t* out);
    void (*l1_u8)(const std::uint8_t* query, const std::uint8_t* rows, std::size_t stride, const ItemId* ids,
                  std::size_t count, std::size_t dim, std::uint32_t* out);

    // Number of differing bits of rows of `words` 64-bit words.
    void (*hamming)(const std::uint64_t* query, const std::uint64_t* rows, std::size_t stride, const ItemId* ids,
                    std::size_t count, std::size_t words, std::uint32_t* out);

    // IEEE half precision to single precision: exact.
    void (*half_to_float)(const std::uint16_t* half, std::size_t count, float* out);

    // In place: value i becomes the sum of all values j, negative where i & j has an odd number of bits. `width` is a
    // power of two.
    void (*hadamard)(float* values, std::size_t width);

    // What is no number counts as 0.
    float (*largest_magnitude)(const float* values, std::size_t count);

    // To the nearest whole number of value * factor from -127 to 127, halves away from zero; what is no number is 127.
    void (*round_to_i8)(const float* values, float factor, std::size_t count, std::int8_t* code);

    // Whether all values are whole numbers from 0 to 255; if not, the code is of no use.
    bool (*whole_u8)(const float* values, std::size_t count, std::uint8_t* code);

    const VectorKernels* vectors;
};

// What NEARFILE_ISA or the processor chooses, settled at the first call. Null, with `message` set to a static text that
// lists the names, when NEARFILE_ISA names an instruction set that is unknown or that this machine cannot run.
const Kernels* chosen(const char** message);

// Every instruction set that this machine can run, slowest first; ends with null. The scalar reference is always the
// first.
const Kernels* const* supported();

}  // namespace nearfile::kernels
