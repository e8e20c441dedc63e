// The table that each kernel file exports, and how dispatch.cpp picks one. Included by this folder and its test only.
#pragma once

#include "kernels/kernels.hpp"

namespace nearfile::kernels {

extern const Kernels scalar_kernels;
extern const Kernels avx2_kernels;
extern const Kernels avx512_kernels;
extern const Kernels avx512vnni_kernels;  // null where avx512_kernels serves as well; dispatch.cpp fills these in
extern const Kernels neon_kernels;
extern const Kernels neondotprod_kernels;  // null where neon_kernels serves as well

// Kernels in files of their own, <table>_codes.cpp and <table>_vectors.cpp, so that no file gets too long. Declared as
// functions because a table copied from another file's would be filled when the program starts, perhaps too late.
using DotI8Block = void(const std::int8_t* queries, std::size_t n_queries, const std::int8_t* rows, std::size_t stride,
                        std::size_t count, std::size_t dim, std::int32_t* out);
using DotU4 = void(const std::int8_t* query, const std::uint8_t* rows, std::size_t stride, const ItemId* ids,
                   std::size_t count, std::size_t blocks, std::int32_t* out);
using SketchBelow = std::size_t(const SketchQuery& query, const SketchRow& row, float base, float threshold,
                                std::size_t n_groups, std::uint64_t* masks);
using SketchResidual = void(const float* vertex, const std::int8_t* code, float scale, std::size_t dim,
                            std::uint8_t* signs, float* sums);
extern const VectorKernels scalar_vectors;
extern const VectorKernels avx2_vectors;
extern const VectorKernels avx512_vectors;
extern const VectorKernels neon_vectors;
namespace avx2 {
extern DotI8Block dot_i8_block;
extern DotU4 dot_u4;
extern SketchBelow sketch_below;
extern SketchResidual sketch_residual;
}  // namespace avx2
namespace avx512 {
extern DotI8Block dot_i8_block;
extern DotU4 dot_u4;
extern SketchBelow sketch_below;
extern SketchResidual sketch_residual;
}  // namespace avx512
namespace neon {
extern DotI8Block dot_i8_block;
extern DotU4 dot_u4;
extern SketchBelow sketch_below;
extern SketchResidual sketch_residual;
}  // namespace neon

// What NEARFILE_ISA = `name` gives on this machine; a null or empty name lets the processor choose.
struct Choice {
    const Kernels* kernels = nullptr;
    char message[320] = {};  // says what is wrong where kernels is null
};
Choice choose(const char* name);

}  // namespace nearfile::kernels
