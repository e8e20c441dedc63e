#include "codes/split.hpp"

#include <array>
#include <cmath>

namespace nearfile::codes {
namespace {

constexpr std::int32_t middle = 128;
constexpr std::size_t block_dims = 64;
constexpr std::size_t half = block_dims / 2;  // and bytes of a block

// The codes of a block, its lower halves of bytes first.
void join_block(const std::uint8_t* __restrict upper, const std::uint8_t* __restrict lower,
                std::int8_t* __restrict out) noexcept {
    for (std::size_t b = 0; b < half; ++b) {
        const auto first = static_cast<std::uint8_t>(upper[b] << 4 | (lower[b] & 15));
        const auto second = static_cast<std::uint8_t>((upper[b] & 0xf0) | lower[b] >> 4);
        out[b] = static_cast<std::int8_t>(first ^ middle);
        out[half + b] = static_cast<std::int8_t>(second ^ middle);
    }
}

}  // namespace

void split_code(const std::int8_t* code, const NibbleLayout& layout, std::byte* upper, std::byte* lower) noexcept {
    std::memset(upper, 0, layout.stride);
    std::memset(lower, 0, layout.stride);
    for (std::size_t i = 0; i < layout.dim; ++i) {
        const auto whole = static_cast<std::uint32_t>(code[i] + middle);
        const std::size_t at = i / block_dims * half + i % half;
        const unsigned shift = i % block_dims < half ? 0 : 4;
        upper[at] |= static_cast<std::byte>(whole >> 4 << shift);
        lower[at] |= static_cast<std::byte>((whole & 15) << shift);
    }
}

void SplitCodes::code(ItemId row, std::int8_t* out) const noexcept {
    const auto* upper = reinterpret_cast<const std::uint8_t*>(upper_.data()) + row * layout_.stride;
    const auto* lower = reinterpret_cast<const std::uint8_t*>(lower_.data()) + row * layout_.stride;
    const std::size_t whole = layout_.dim / block_dims;
    for (std::size_t b = 0; b < whole; ++b) join_block(upper + b * half, lower + b * half, out + b * block_dims);
    if (whole == layout_.blocks) return;
    std::array<std::int8_t, block_dims> last;
    join_block(upper + whole * half, lower + whole * half, last.data());
    std::memcpy(out + whole * block_dims, last.data(), layout_.dim % block_dims);
}

ScaledTail SplitCodes::tail(ItemId row, bool directions) const noexcept {
    const NibbleTail tail = tails_[row];
    // Of a vector of length one nothing is lost but what rounding did, half a step a dimension at most, and its own
    // length is no farther from one.
    const float most_lost = directions ? tail.factor * std::sqrt(static_cast<float>(layout_.dim)) / 32 * 1.001f : 0.0f;
    return {tail.factor / 16, tail.squared_norm, most_lost};
}

void SplitCodes::decode(ItemId row, std::span<float> out) const noexcept {
    const auto* upper = reinterpret_cast<const std::uint8_t*>(upper_.data()) + row * layout_.stride;
    const auto* lower = reinterpret_cast<const std::uint8_t*>(lower_.data()) + row * layout_.stride;
    const float scale = tails_[row].factor / 16;
    std::array<std::int8_t, block_dims> code;
    for (std::size_t b = 0; b < layout_.blocks; ++b) {
        join_block(upper + b * half, lower + b * half, code.data());
        const std::size_t first = b * block_dims;
        const std::size_t n = layout_.dim - first < block_dims ? layout_.dim - first : block_dims;
        for (std::size_t i = 0; i < n; ++i) out[first + i] = scale * static_cast<float>(code[i]);
    }
}

void SplitCodes::euclidean(const ScaledQuery& query, bool directions, const ItemId* ids, ItemId first,
                           std::size_t count, Bounds out) const {
    std::array<std::int32_t, batch> upper;
    std::array<std::int32_t, batch> lower;
    ScaledTails tails;
    const std::size_t start = ids != nullptr ? 0 : first * layout_.stride;
    const auto multiply = [&](std::span<const std::byte> plane, std::int32_t* products) {
        kernels_->dot_u4(query.code(), reinterpret_cast<const std::uint8_t*>(plane.data()) + start, layout_.stride, ids,
                         count, layout_.blocks, products);
    };
    multiply(upper_, upper.data());
    multiply(lower_, lower.data());
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < layout_.dim; ++i) sum += query.code()[i];
    for (std::size_t j = 0; j < count; ++j) {
        upper[j] = 16 * upper[j] + lower[j] - middle * sum;
        const ScaledTail each = tail(ids != nullptr ? ids[j] : first + static_cast<ItemId>(j), directions);
        tails.scale[j] = each.scale;
        tails.squared_norm[j] = each.squared_norm;
        tails.error[j] = each.error;
    }
    euclidean_bounds(query, upper.data(), tails, count, layout_.dim, out);
}

}  // namespace nearfile::codes
