#include "search/eligible.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace nearfile::search {

Eligible::Eligible(std::vector<std::uint64_t> words, std::uint32_t n_items)
    : words_(std::move(words)), n_items_(n_items) {
    sums_.reserve(words_.size() / words_a_sum + 1);
    for (std::size_t i = 0; i < words_.size(); ++i) {
        if (i % words_a_sum == 0) sums_.push_back(count_);
        count_ += static_cast<std::uint32_t>(std::popcount(words_[i]));
    }
}

std::uint32_t Eligible::rank(std::uint32_t item) const noexcept {
    if (item >= n_items_) return count_;
    const std::uint32_t word = item / 64;
    std::uint32_t n = sums_[word / words_a_sum];
    for (std::uint32_t i = word / words_a_sum * words_a_sum; i < word; ++i) {
        n += static_cast<std::uint32_t>(std::popcount(words_[i]));
    }
    const std::uint64_t before = words_[word] & ((std::uint64_t{1} << (item % 64)) - 1);
    return n + static_cast<std::uint32_t>(std::popcount(before));
}

std::uint32_t Eligible::count_in(std::uint32_t first, std::uint32_t end) const noexcept {
    return first < end ? rank(end) - rank(first) : 0;
}

std::size_t Eligible::items_from(std::uint32_t rank, std::span<ItemId> out) const noexcept {
    if (rank >= count_ || out.empty()) return 0;
    const auto sum = std::ranges::upper_bound(sums_, rank) - 1;
    std::size_t word = static_cast<std::size_t>(sum - sums_.begin()) * words_a_sum;
    std::uint32_t skipped = rank - *sum;
    std::size_t n = 0;
    for (; word < words_.size(); ++word) {
        std::uint64_t bits = words_[word];
        const auto here = static_cast<std::uint32_t>(std::popcount(bits));
        if (skipped >= here) {
            skipped -= here;
            continue;
        }
        for (; skipped > 0; --skipped) bits &= bits - 1;
        for (; bits != 0; bits &= bits - 1) {
            out[n++] = static_cast<ItemId>(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
            if (n == out.size()) return n;
        }
    }
    return n;
}

}  // namespace nearfile::search
