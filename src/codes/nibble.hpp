// 4-bit codes in rotated space, which the walk goes by. x is near scale * (code - 7.5). A row is blocks of 32 bytes, of
// 64 dimensions each (kernels/kernels.hpp). What else distances take lies elsewhere, so that rows of 128 dimensions are
// lines of cache, and it stays in cache itself.
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

    explicit NibbleLayout(std::size_t dim_) noexcept : dim(dim_), blocks((dim_ + 63) / 64), stride(blocks * 32) {}
};

// Beside each code: factor makes <q, x> ~ factor * <q, code - 7.5> unbiased along x, and squared_norm is the vector's
// own. On disk: do not change.
struct NibbleTail {
    float factor;
    float squared_norm;
};

// Returns the factor.
float encode_nibbles(std::span<const float> values, const NibbleLayout& layout, std::byte* row);

}  // namespace nearfile::codes
