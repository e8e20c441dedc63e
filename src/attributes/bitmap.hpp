// Bitmaps of items: bit i % 64 of word i / 64 is item i, and bits from the count on are zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace nearfile::attributes {

using Bitmap = std::vector<std::uint64_t>;

constexpr std::size_t words_of(std::uint64_t count) noexcept {
    return static_cast<std::size_t>((count + 63) / 64);
}

// The bits of the last word that stand for items.
constexpr std::uint64_t last_word(std::uint64_t count) noexcept {
    return count % 64 == 0 ? ~std::uint64_t{0} : (std::uint64_t{1} << count % 64) - 1;
}

inline bool bit_at(const std::uint64_t* words, std::uint64_t i) noexcept {
    return (words[i / 64] >> i % 64 & 1) != 0;
}

inline void set_bit(std::uint64_t* words, std::uint64_t i) noexcept {
    words[i / 64] |= std::uint64_t{1} << i % 64;
}

// Which of 64 values hold. Compilers compare them several at a time and make bytes of the answers; eight bytes of 0 or
// 1 times this number have their bits, one after another, in the uppermost byte.
template <class T, class Holds>
std::uint64_t word_where(const T* values, const Holds& holds) noexcept {
    std::uint8_t yes[64];
    for (std::size_t i = 0; i < 64; ++i) yes[i] = static_cast<std::uint8_t>(holds(values[i]));
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        std::uint64_t eight;
        std::memcpy(&eight, yes + 8 * i, sizeof eight);
        word |= (eight * 0x0102040810204080u >> 56) << (8 * i);
    }
    return word;
}

// The same of fewer than 64.
template <class T, class Holds>
std::uint64_t word_where(const T* values, std::size_t n, const Holds& holds) noexcept {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < n; ++i) word |= static_cast<std::uint64_t>(holds(values[i])) << i;
    return word;
}

}  // namespace nearfile::attributes
