// Which items may be answers: a bit an item in the order of the file, and sums, so that what lies near a leaf is found
// and counted without a look at all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "codes/bounds.hpp"

namespace nearfile::search {

using codes::ItemId;

class Eligible {
public:
    // Bits from n_items on are zero.
    Eligible(std::vector<std::uint64_t> words, std::uint32_t n_items);

    std::uint32_t count() const noexcept { return count_; }
    std::uint32_t n_items() const noexcept { return n_items_; }
    std::span<const std::uint64_t> words() const noexcept { return words_; }

    bool has(ItemId item) const noexcept { return (words_[item / 64] >> (item % 64) & 1) != 0; }

    // How many are among the items from first to the one before end.
    std::uint32_t count_in(std::uint32_t first, std::uint32_t end) const noexcept;

    // Those in the order of the file that begin at the `rank`-th: at most out.size() of them; returns how many.
    std::size_t items_from(std::uint32_t rank, std::span<ItemId> out) const noexcept;

    // How many come before an item.
    std::uint32_t rank(std::uint32_t item) const noexcept;

private:
    static constexpr std::uint32_t words_a_sum = 8;

    std::vector<std::uint64_t> words_;
    std::vector<std::uint32_t> sums_;  // of the words before every eighth
    std::uint32_t n_items_;
    std::uint32_t count_ = 0;
};

}  // namespace nearfile::search
