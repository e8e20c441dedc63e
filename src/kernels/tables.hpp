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

// What NEARFILE_ISA = `name` gives on this machine; a null or empty name lets the processor choose.
struct Choice {
    const Kernels* kernels = nullptr;
    char message[320] = {};  // says what is wrong where kernels is null
};
Choice choose(const char* name);

}  // namespace nearfile::kernels
