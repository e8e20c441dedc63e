// Kernels for 64-bit ARM that read vectors as they are kept: four values at a time.
#include <arm_neon.h>

#include "kernels/neon_floats.hpp"
#include "kernels/tables.hpp"

namespace nearfile::kernels {
namespace {

struct Row {
    const char* values;
    const char* lower;
    float32x4_t scale;
};

// The first `n` lanes of four set.
uint32x4_t first_lanes(std::size_t n) {
    static const std::uint32_t lanes[8] = {~0U, ~0U, ~0U, ~0U};
    return vld1q_u32(lanes + 4 - n);
}

// The first `n` of four floats, 1 to 3, and zeros: no byte past them is read.
float32x4_t load_first(const float* at, std::size_t n) {
    float32x4_t lanes = vld1q_lane_f32(at, vdupq_n_f32(0), 0);
    if (n > 1) lanes = vld1q_lane_f32(at + 1, lanes, 1);
    if (n > 2) lanes = vld1q_lane_f32(at + 2, lanes, 2);
    return lanes;
}

// ---- how a vector is kept: four values from i on, and the first of them

struct Single {
    static const float* at(const Row& row, std::size_t i) { return reinterpret_cast<const float*>(row.values) + i; }
    static float32x4_t of(const Row& row, std::size_t i) { return vld1q_f32(at(row, i)); }
    static float32x4_t first(const Row& row, std::size_t i, std::size_t n) { return load_first(at(row, i), n); }
};

// Reads past the end: the lanes that are not wanted are cleared below.
template <class Kept>
struct Overreading {
    static float32x4_t first(const Row& row, std::size_t i, std::size_t) { return Kept::of(row, i); }
};

uint16x4_t four_words(const char* at) {
    return vreinterpret_u16_u8(vld1_u8(reinterpret_cast<const std::uint8_t*>(at)));
}

struct Half : Overreading<Half> {
    static float32x4_t of(const Row& row, std::size_t i) {
        return vcvt_f32_f16(vreinterpret_f16_u16(four_words(row.values + i * 2)));
    }
};
struct Byte : Overreading<Byte> {
    static float32x4_t of(const Row& row, std::size_t i) {
        const uint8x8_t bytes = vld1_u8(reinterpret_cast<const std::uint8_t*>(row.values) + i);
        return vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(bytes))));
    }
};
struct Upper : Overreading<Upper> {
    static float32x4_t of(const Row& row, std::size_t i) {
        return vreinterpretq_f32_u32(vshll_n_u16(four_words(row.values + i * 2), 16));
    }
};
struct Parts : Overreading<Parts> {
    static float32x4_t of(const Row& row, std::size_t i) {
        const uint32x4_t upper = vshll_n_u16(four_words(row.values + i * 2), 16);
        return vreinterpretq_f32_u32(vorrq_u32(upper, vmovl_u16(four_words(row.lower + i * 2))));
    }
};

// ---- what is added up

struct MagnitudeTerm {
    static float32x4_t of(float32x4_t q, float32x4_t x) { return vabsq_f32(vmulq_f32(q, x)); }
};

// Eight accumulators of four lanes are the 32 partial sums. vmulq and vaddq stay apart: vfmaq would round once.
template <class Kept, class Term>
float vector_row(const float* query, const Row& row, std::size_t dim) {
    float32x4_t sums[8];
    for (int s = 0; s < 8; ++s) sums[s] = vdupq_n_f32(0);
    std::size_t i = 0;
    for (; i + 32 <= dim; i += 32)
        for (int s = 0; s < 8; ++s) {
            const std::size_t at = i + static_cast<std::size_t>(s) * 4;
            const float32x4_t x = vmulq_f32(row.scale, Kept::of(row, at));
            sums[s] = vaddq_f32(sums[s], Term::of(vld1q_f32(query + at), x));
        }
    for (int s = 0; s < 8 && i < dim; ++s, i += 4) {
        const std::size_t n = dim - i < 4 ? dim - i : 4;
        const float32x4_t q = n == 4 ? vld1q_f32(query + i) : load_first(query + i, n);
        const float32x4_t kept = n == 4 ? Kept::of(row, i) : Kept::first(row, i, n);
        // A lane that is not wanted is a term of zeros whatever lies there.
        const uint32x4_t scaled = vreinterpretq_u32_f32(vmulq_f32(row.scale, kept));
        const float32x4_t x = vreinterpretq_f32_u32(vandq_u32(first_lanes(n), scaled));
        sums[s] = vaddq_f32(sums[s], Term::of(q, x));
    }
    for (int half = 4; half > 0; half /= 2)
        for (int s = 0; s < half; ++s) sums[s] = vaddq_f32(sums[s], sums[s + half]);
    const float32x2_t two = vadd_f32(vget_low_f32(sums[0]), vget_high_f32(sums[0]));
    return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

template <class Kept, class Term>
void vector_batch(const float* query, const VectorRows& rows, const ItemId* ids, std::size_t count, std::size_t dim,
                  float* out) {
    for (std::size_t j = 0; j < count; ++j) {
        const std::size_t at = ids ? ids[j] : j;
        const Row row{static_cast<const char*>(rows.values) + at * rows.stride,
                      rows.lower ? static_cast<const char*>(rows.lower) + at * rows.stride : nullptr,
                      vdupq_n_f32(rows.scales ? rows.scales[at] * rows.scale : rows.scale)};
        out[j] = vector_row<Kept, Term>(query, row, dim);
    }
}

template <class Kept>
constexpr VectorKernelSet set_of = {vector_batch<Kept, DotTerm>, vector_batch<Kept, SquaredTerm>,
                                    vector_batch<Kept, AbsoluteTerm>, vector_batch<Kept, MagnitudeTerm>};

}  // namespace

constinit const VectorKernels neon_vectors = {set_of<Single>, set_of<Half>, set_of<Byte>, set_of<Upper>, set_of<Parts>};

}  // namespace nearfile::kernels
