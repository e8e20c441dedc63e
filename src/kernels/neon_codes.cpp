// Kernels for 64-bit ARM of 4-bit codes, of sketches and of blocks of 8-bit codes; the others: neon.cpp.
#include <arm_neon.h>

#include "kernels/batch.hpp"
#include "kernels/sketch_masks.hpp"
#include "kernels/tables.hpp"

namespace nearfile::kernels {
namespace {

// ---- blocks of 8-bit codes

// With 32 registers, the sums of four queries and four rows stay in them. Two products sum to 2 * 128 * 127 = 32,512 at
// most, which fits 16 bits.
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
            for (int r = 0; r < n_rows; ++r) {
                const int16x8_t low = vmull_s8(vget_low_s8(q), vget_low_s8(x[r]));
                sums[k][r] = vpadalq_s16(sums[k][r], vmlal_high_s8(low, q, x[r]));
            }
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

// ---- 4-bit codes

int8x16_t low_halves(uint8x16_t both) {
    return vreinterpretq_s8_u8(vandq_u8(both, vdupq_n_u8(15)));
}

int8x16_t high_halves(uint8x16_t both) {
    return vreinterpretq_s8_u8(vshrq_n_u8(both, 4));
}

int16x8_t add_products(int16x8_t sums, int8x16_t q, int8x16_t x) {
    return vmlal_high_s8(vmlal_s8(sums, vget_low_s8(q), vget_low_s8(x)), q, x);
}

// Always inline, or the sums go through memory. Four 32-bit sums of a row of blocks. Eight products of a block fit in
// 16 bits: 8 * 15 * 127 = 15,240; so do those of two blocks, 30,480.
template <int n_rows>
[[gnu::always_inline]] inline void nibble_sums(const std::int8_t* query, const char* const (&rows)[n_rows],
                                               std::size_t blocks, int32x4_t (&sums)[n_rows]) {
    for (int r = 0; r < n_rows; ++r) sums[r] = vdupq_n_s32(0);
    for (std::size_t b = 0; b < blocks;) {
        const std::size_t end = b + 2 < blocks ? b + 2 : blocks;
        int16x8_t products[n_rows];
        for (int r = 0; r < n_rows; ++r) products[r] = vdupq_n_s16(0);
        for (; b < end; ++b)
            for (std::size_t half = 0; half < 32; half += 16) {
                const int8x16_t q_low = vld1q_s8(query + b * 64 + half);
                const int8x16_t q_high = vld1q_s8(query + b * 64 + 32 + half);
                for (int r = 0; r < n_rows; ++r) {
                    const uint8x16_t both = vld1q_u8(reinterpret_cast<const std::uint8_t*>(rows[r]) + b * 32 + half);
                    products[r] = add_products(products[r], q_low, low_halves(both));
                    products[r] = add_products(products[r], q_high, high_halves(both));
                }
            }
        for (int r = 0; r < n_rows; ++r) sums[r] = vpadalq_s16(sums[r], products[r]);
    }
}

// ---- sketches

// The look-ups of 16 neighbours in one pair of tables, added: at most 126, so that two of these add up in bytes.
[[gnu::always_inline]] inline uint8x16_t look_ups(const SketchQuery& query, const std::uint8_t* bits,
                                                  std::size_t pair) {
    const uint8x16_t both = vld1q_u8(bits + pair * 16);
    return vaddq_u8(vqtbl1q_u8(vld1q_u8(query.even + pair * 16), vandq_u8(both, vdupq_n_u8(15))),
                    vqtbl1q_u8(vld1q_u8(query.odd + pair * 16), vshrq_n_u8(both, 4)));
}

// What makes estimates of sums.
struct Estimates {
    float step, offset, additive_step, base, threshold;

    Estimates(const SketchQuery& query, const SketchRow& row, float base_, float threshold_)
        : step(row.factor_step * query.step),
          offset(row.factor_step * query.offset),
          additive_step(row.additive_step),
          base(base_),
          threshold(threshold_) {}

    // All ones where a neighbour of four is below. vmulq and vaddq stay apart: vfmaq would round once.
    uint32x4_t four_below(uint16x4_t sums, uint16x4_t additive, uint16x4_t factor) const {
        const float32x4_t sum = vcvtq_f32_u32(vmovl_u16(sums));
        const float32x4_t product = vaddq_f32(vmulq_f32(vdupq_n_f32(step), sum), vdupq_n_f32(offset));
        const float32x4_t root = vcvtq_f32_u32(vmovl_u16(additive));
        const float32x4_t squared = vmulq_f32(vdupq_n_f32(additive_step), vmulq_f32(root, root));
        const float32x4_t added = vaddq_f32(vdupq_n_f32(base), squared);
        const float32x4_t factors = vcvtq_f32_u32(vmovl_u16(factor));
        return vcltq_f32(vsubq_f32(added, vmulq_f32(factors, product)), vdupq_n_f32(threshold));
    }

    uint8x8_t eight_below(uint16x8_t sums, const std::uint8_t* additive, const std::uint8_t* factor) const {
        const uint16x8_t roots = vmovl_u8(vld1_u8(additive));
        const uint16x8_t factors = vmovl_u8(vld1_u8(factor));
        const uint32x4_t first = four_below(vget_low_u16(sums), vget_low_u16(roots), vget_low_u16(factors));
        const uint32x4_t second = four_below(vget_high_u16(sums), vget_high_u16(roots), vget_high_u16(factors));
        return vmovn_u16(vcombine_u16(vmovn_u32(first), vmovn_u32(second)));
    }
};

// The bit of each of eight bytes that are all ones or zero.
unsigned one_bit_each(uint8x8_t bytes) {
    return vaddv_u8(vand_u8(bytes, vcreate_u8(0x8040201008040201U)));
}

// Eight partial sums, folded 8 -> 4 -> 2 -> 1.
struct EightSums {
    float32x4_t first = vdupq_n_f32(0);
    float32x4_t second = vdupq_n_f32(0);

    float folded() const {
        const float32x4_t four = vaddq_f32(first, second);
        const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
        return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
    }
};

// What sketch_residual adds up of four dimensions; all ones in the result where the residual is not negative.
[[gnu::always_inline]] inline uint32x4_t four_residuals(float32x4_t from, int16x4_t codes, float scale,
                                                        float32x4_t& absolutes, float32x4_t& squares,
                                                        float32x4_t& along) {
    const float32x4_t residual = vsubq_f32(vmulq_f32(vdupq_n_f32(scale), vcvtq_f32_s32(vmovl_s16(codes))), from);
    const uint32x4_t positive = vcgezq_f32(residual);
    const uint32x4_t sign = vbicq_u32(vdupq_n_u32(0x80000000U), positive);
    const auto turned = [&](float32x4_t values) {
        return vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(values), sign));
    };
    absolutes = vaddq_f32(absolutes, turned(residual));
    squares = vaddq_f32(squares, vmulq_f32(residual, residual));
    along = vaddq_f32(along, turned(from));
    return positive;
}

}  // namespace

namespace neon {

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

// 512 pairs of entries up to 63 sum to 64,512, which fits 16 bits.
std::size_t sketch_below(const SketchQuery& query, const SketchRow& row, float base, float threshold,
                         std::size_t n_groups, std::uint64_t* masks) {
    SketchMasks below(masks);
    const Estimates estimates(query, row, base, threshold);
    for (std::size_t g = 0; g < n_groups; ++g) {
        const std::uint8_t* bits = row.bits + g * query.pairs * 16;
        uint16x8_t first = vdupq_n_u16(0);
        uint16x8_t second = vdupq_n_u16(0);
        for (std::size_t p = 0; p < query.pairs; p += 2) {
            const uint8x16_t bytes = vaddq_u8(look_ups(query, bits, p), look_ups(query, bits, p + 1));
            first = vaddw_u8(first, vget_low_u8(bytes));
            second = vaddw_high_u8(second, bytes);
        }
        const std::uint8_t* additive = row.additive + g * 16;
        const std::uint8_t* factor = row.factor + g * 16;
        below.add(one_bit_each(estimates.eight_below(first, additive, factor)) |
                  one_bit_each(estimates.eight_below(second, additive + 8, factor + 8)) << 8);
    }
    return below.finish();
}

void sketch_residual(const float* vertex, const std::int8_t* code, float scale, std::size_t dim, std::uint8_t* signs,
                     float* sums) {
    EightSums absolutes;
    EightSums squares;
    EightSums along;
    for (std::size_t i = 0; i < dim; i += 8) {
        const int16x8_t codes = vmovl_s8(vld1_s8(code + i));
        const uint32x4_t first = four_residuals(vld1q_f32(vertex + i), vget_low_s16(codes), scale, absolutes.first,
                                                squares.first, along.first);
        const uint32x4_t second = four_residuals(vld1q_f32(vertex + i + 4), vget_high_s16(codes), scale,
                                                 absolutes.second, squares.second, along.second);
        signs[i * 2] =
            static_cast<std::uint8_t>(one_bit_each(vmovn_u16(vcombine_u16(vmovn_u32(first), vmovn_u32(second)))));
    }
    sums[0] = absolutes.folded();
    sums[1] = squares.folded();
    sums[2] = along.folded();
}

}  // namespace neon
}  // namespace nearfile::kernels
