#include "codes/bits.hpp"

#include <algorithm>
#include <array>

namespace nearfile::codes {

void pack_bits(std::span<const float> values, std::span<std::uint64_t> words) noexcept {
    std::fill(words.begin(), words.end(), 0);
    for (std::size_t d = 0; d < values.size(); ++d) {
        words[d / 64] |= static_cast<std::uint64_t>(values[d] > 0.5f) << (d % 64);
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
