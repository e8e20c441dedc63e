// What the kernels of floats for NEON share: neon.cpp, neon_vectors.cpp. In an anonymous namespace, as batch.hpp says
// why.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

namespace nearfile::kernels {
namespace {

struct DotTerm {
    static float32x4_t of(float32x4_t q, float32x4_t x) { return vmulq_f32(q, x); }
};
struct SquaredTerm {
    static float32x4_t of(float32x4_t q, float32x4_t x) {
        const float32x4_t difference = vsubq_f32(q, x);
        return vmulq_f32(difference, difference);
    }
};
struct AbsoluteTerm {
    static float32x4_t of(float32x4_t q, float32x4_t x) { return vabdq_f32(q, x); }
};

}  // namespace
}  // namespace nearfile::kernels
