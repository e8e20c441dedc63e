// The neighbours of a vertex in ascending order and few bits (Elias 1974, Fano 1971): of each number the lower bits as
// they are, and the upper ones as a row of bits that has one for each neighbour, behind a zero for each step that the
// upper part takes. Among 110,000 items 32 neighbours take 55 bytes where three bytes each would be 96.
//
//     lower bits of neighbour j at bit j * lower_bits, zeros up to a byte; then bit (neighbour >> lower_bits) + j set
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "graph/distances.hpp"

namespace nearfile::graph {

struct SortedRowLayout {
    std::size_t degree = 0;
    unsigned lower_bits = 0;
    std::size_t upper_bits = 0;  // the length of that row of bits
    std::size_t upper_at = 0;    // the byte where it begins
    std::size_t stride = 0;

    SortedRowLayout() = default;
    // `count` and `degree` are not 0.
    SortedRowLayout(std::uint32_t count, std::uint32_t degree_) noexcept : degree(degree_) {
        const std::uint32_t apart = count / degree_;
        if (apart > 0) lower_bits = static_cast<unsigned>(std::bit_width(apart)) - 1;
        upper_bits = degree + ((count - 1) >> lower_bits);
        upper_at = (degree * lower_bits + 7) / 8;
        stride = upper_at + (upper_bits + 7) / 8;
    }

    // `neighbors`: ascending, distinct, at most `degree`. `row`: stride zeros.
    void write(std::span<const ItemId> neighbors, std::byte* row) const noexcept {
        for (std::size_t j = 0; j < neighbors.size(); ++j) {
            const std::uint64_t lower = neighbors[j] & ((std::uint64_t{1} << lower_bits) - 1);
            for (unsigned bit = 0; bit < lower_bits; ++bit) {
                if ((lower >> bit & 1) != 0) set(row, j * lower_bits + bit);
            }
            set(row, upper_at * 8 + (neighbors[j] >> lower_bits) + j);
        }
    }

    // At most `degree` numbers; those of a damaged row may be of no item. Up to 8 bytes behind the row are loaded.
    std::size_t read(const std::byte* row, ItemId* ids) const noexcept {
        std::size_t n = 0;
        for (std::size_t first = 0; first < upper_bits; first += 64) {
            std::uint64_t bits = upper_word(row, first);
            for (; bits != 0 && n < degree; bits &= bits - 1, ++n) {
                const std::size_t upper = first + static_cast<std::size_t>(std::countr_zero(bits)) - n;
                const std::uint64_t lower = load(row + n * lower_bits / 8) >> (n * lower_bits % 8);
                ids[n] = static_cast<ItemId>(upper << lower_bits | (lower & ((std::uint64_t{1} << lower_bits) - 1)));
            }
        }
        return n;
    }

    // How many a row has: more than it has places for where it is damaged.
    std::size_t n_set(const std::byte* row) const noexcept {
        std::size_t n = 0;
        for (std::size_t first = 0; first < upper_bits; first += 64) {
            n += static_cast<std::size_t>(std::popcount(upper_word(row, first)));
        }
        return n;
    }

private:
    std::uint64_t upper_word(const std::byte* row, std::size_t first) const noexcept {
        const std::uint64_t bits = load(row + upper_at + first / 8);
        const std::size_t left = upper_bits - first;
        return left < 64 ? bits & ((std::uint64_t{1} << left) - 1) : bits;
    }
    static std::uint64_t load(const std::byte* at) noexcept {
        std::uint64_t bits;
        std::memcpy(&bits, at, sizeof bits);  // the machine is little-endian, as the file
        return bits;
    }
    static void set(std::byte* row, std::size_t bit) noexcept {
        row[bit / 8] |= static_cast<std::byte>(1u << (bit % 8));
    }
};

}  // namespace nearfile::graph
