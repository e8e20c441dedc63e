#include "codes/bits.hpp"

#include <algorithm>
#include <array>

namespace nearfile::codes {

void pack_bits(std::span<const float> values, std::span<std::uint64_t> words) noexcept {
    // A byte a value first, which compilers do many at a time, and then eight bytes by one product: byte i of a group
    // is 0 or 1, and comes to stand at bit 56 + i.
    constexpr std::uint64_t to_bits = 0x0102040810204080;
    for (std::size_t w = 0; w < words.size(); ++w) {
        const std::size_t first = w * 64;
        const std::size_t n = std::min<std::size_t>(64, values.size() - first);
        std::array<std::uint8_t, 64> ones{};
        for (std::size_t i = 0; i < n; ++i) ones[i] = values[first + i] > 0.5f ? 1 : 0;
        std::uint64_t word = 0;
        for (std::size_t group = 0; group < 8; ++group) {
            std::uint64_t bytes = 0;
            for (std::size_t i = 0; i < 8; ++i) bytes |= std::uint64_t{ones[group * 8 + i]} << (8 * i);
            word |= bytes * to_bits >> 56 << (group * 8);
        }
        words[w] = word;
    }
}

void unpack_bits(std::span<const std::uint64_t> words, std::span<float> values) noexcept {
    for (std::size_t d = 0; d < values.size(); ++d) values[d] = static_cast<float>((words[d / 64] >> (d % 64)) & 1);
}

void BitCodes::hamming(std::span<const std::uint64_t> query, const ItemId* ids, ItemId first, std::size_t count,
                       Bounds out) const {
    std::array<std::uint32_t, batch> sums;
    const std::uint64_t* rows = ids != nullptr ? words_.data() : words_.data() + first * words_per_row_;
    kernels_->hamming(query.data(), rows, words_per_row_ * sizeof(std::uint64_t), ids, count, words_per_row_,
                      sums.data());
    for (std::size_t j = 0; j < count; ++j) out.lower[j] = out.upper[j] = static_cast<float>(sums[j]);
}

}  // namespace nearfile::codes
