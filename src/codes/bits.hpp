// Bit codes, for hamming: dimension d is bit d % 64 of 64-bit word d / 64, unused bits zero. Exact, so the bounds meet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "codes/bounds.hpp"
#include "kernels/kernels.hpp"

namespace nearfile::codes {

inline std::size_t words_of(std::size_t dim) noexcept {
    return (dim + 63) / 64;
}

// Zeros and ones to words_of(dim) words, and back.
void pack_bits(std::span<const float> values, std::span<std::uint64_t> words) noexcept;
void unpack_bits(std::span<const std::uint64_t> words, std::span<float> values) noexcept;

// Rows in the map or in a buffer, not owned.
class BitCodes {
public:
    BitCodes(const kernels::Kernels& kernels, std::size_t dim, std::span<const std::uint64_t> words) noexcept
        : kernels_(&kernels), words_per_row_(words_of(dim)), words_(words) {}

    std::span<const std::uint64_t> row(ItemId row) const noexcept {
        return words_.subspan(row * words_per_row_, words_per_row_);
    }

    // As ScaledCodes.
    void hamming(std::span<const std::uint64_t> query, const ItemId* ids, ItemId first, std::size_t count,
                 Bounds out) const;

private:
    const kernels::Kernels* kernels_;
    std::size_t words_per_row_;
    std::span<const std::uint64_t> words_;
};

}  // namespace nearfile::codes
