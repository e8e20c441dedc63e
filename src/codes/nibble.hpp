// 4-bit codes in rotated space, which the walk goes by. x is near scale * (code - 7.5). A row is
//
//     blocks of 32 bytes (64 dimensions each: kernels/kernels.hpp), float factor, float squared_norm
//
// where factor makes <q, x> ~ factor * <q, code - 7.5> unbiased along x, and squared_norm is the vector's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "kernels/kernels.hpp"

namespace nearfile::codes {

struct NibbleLayout {
    std::size_t dim;
    std::size_t blocks;
    std::size_t stride;

    explicit NibbleLayout(std::size_t dim_) noexcept
        : dim(dim_), blocks((dim_ + 63) / 64), stride(blocks * 32 + 2 * sizeof(float)) {}
};

// `squared_norm` may count dimensions that the code leaves out.
void encode_nibbles(std::span<const float> values, float squared_norm, const NibbleLayout& layout, std::byte* row);

}  // namespace nearfile::codes
