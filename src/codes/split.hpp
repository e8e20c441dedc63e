// Split codes: one signed byte a dimension of a rotated vector, in two planes. The upper four bits are a 4-bit code
// (nibble.hpp) that a walk goes by; with the lower four, which are read for what a walk has found, they are all that is
// kept of the vector. With u for the upper and l for the lower, x is near scale * (16 u + l - 128): the code of scaled
// codes, 128 more. Beside it stands the tail of 4-bit codes, its factor 16 times the scale; a factor of 0 marks a
// vector without direction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "codes/bounds.hpp"
#include "codes/nibble.hpp"
#include "codes/scaled.hpp"
#include "kernels/kernels.hpp"

namespace nearfile::codes {

// Whether they take no more bytes than scaled codes, or hardly more: 4-bit codes come in blocks.
inline bool split_pays(std::size_t dim) noexcept {
    return 2 * NibbleLayout(dim).stride + sizeof(NibbleTail) <= ScaledLayout(dim).stride * 17 / 16;
}

// Both rows are layout.stride bytes.
void split_code(const std::int8_t* code, const NibbleLayout& layout, std::byte* upper, std::byte* lower) noexcept;

// Rows in the map or in a buffer, not owned.
class SplitCodes {
public:
    SplitCodes(const kernels::Kernels& kernels, std::size_t dim, std::span<const std::byte> upper,
               std::span<const std::byte> lower, std::span<const NibbleTail> tails) noexcept
        : kernels_(&kernels), layout_(dim), upper_(upper), lower_(lower), tails_(tails) {}

    const NibbleLayout& layout() const noexcept { return layout_; }
    const std::byte* lower_row(ItemId row) const noexcept { return lower_.data() + row * layout_.stride; }

    // Both planes together.
    void code(ItemId row, std::int8_t* out) const noexcept;
    // `directions`: what is measured of such a row is what the code stands for at length one, whose distance from it is
    // the error; else it is that itself.
    ScaledTail tail(ItemId row, bool directions) const noexcept;
    // What the code stands for.
    void decode(ItemId row, std::span<float> out) const noexcept;

    // Bounds of the Euclidean distance, as ScaledCodes has them, to what is measured of a row.
    void euclidean(const ScaledQuery& query, bool directions, const ItemId* ids, ItemId first, std::size_t count,
                   Bounds out) const;

private:
    const kernels::Kernels* kernels_;
    NibbleLayout layout_;
    std::span<const std::byte> upper_;
    std::span<const std::byte> lower_;
    std::span<const NibbleTail> tails_;
};

}  // namespace nearfile::codes
