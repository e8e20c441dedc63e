// Who may be an answer of one query: what its filter allows, less what it excludes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "codes/bounds.hpp"
#include "search/eligible.hpp"

namespace nearfile::search {

// What one query excludes, as bits that are set for it and cleared after it, so that it costs nothing for the others.
class ExcludedItems {
public:
    // How many of them `filter` allows, each counted once; null allows all.
    std::uint32_t set(std::span<const ItemId> items, std::uint32_t n_items, const Eligible* filter) {
        if (!items.empty()) words_.resize((n_items + 63) / 64, 0);
        std::uint32_t n = 0;
        for (const ItemId item : items) {
            std::uint64_t& word = words_[item / 64];
            const std::uint64_t bit = std::uint64_t{1} << (item % 64);
            if ((word & bit) != 0) continue;
            word |= bit;
            n += filter == nullptr || filter->has(item) ? 1 : 0;
        }
        any_ = !items.empty();
        return n;
    }
    void clear(std::span<const ItemId> items) noexcept {
        for (const ItemId item : items) words_[item / 64] = 0;
        any_ = false;
    }

    bool any() const noexcept { return any_; }
    bool has(ItemId item) const noexcept { return (words_[item / 64] >> (item % 64) & 1) != 0; }

private:
    std::vector<std::uint64_t> words_;
    bool any_ = false;
};

class Admission {
public:
    // `filter` null allows all. Borrows `memory` and `excluded`; what is excluded may repeat itself.
    Admission(const Eligible* filter, std::span<const ItemId> excluded, std::uint32_t n_items, ExcludedItems& memory)
        : filter_(filter), excluded_(excluded), memory_(memory), n_items_(n_items) {
        count_ = (filter != nullptr ? filter->count() : n_items) - memory.set(excluded, n_items, filter);
    }
    ~Admission() { memory_.clear(excluded_); }
    Admission(const Admission&) = delete;
    Admission& operator=(const Admission&) = delete;

    // How many there are.
    std::uint32_t count() const noexcept { return count_; }
    std::uint32_t n_items() const noexcept { return n_items_; }

    bool admits(ItemId item) const noexcept { return (filter_ == nullptr || filter_->has(item)) && !excludes(item); }

    // A bit an item, those that are excluded among them; empty where there is no filter.
    std::span<const std::uint64_t> words() const noexcept {
        return filter_ != nullptr ? filter_->words() : std::span<const std::uint64_t>{};
    }

    // Of so many items in sequence, those that are excluded counted with them.
    std::uint32_t count_in(std::uint32_t first, std::uint32_t end) const noexcept {
        return filter_ != nullptr ? filter_->count_in(first, end) : end - first;
    }

    // All that are admitted, in the order of the file, at most `at_once` at a time: `take(items)`.
    static constexpr std::size_t at_once = 4 * codes::batch;
    template <class Take>
    void for_each(const Take& take) const;

    bool excludes(ItemId item) const noexcept { return memory_.any() && memory_.has(item); }
    std::size_t n_excluded() const noexcept { return excluded_.size(); }

private:
    // Items are ranked as the filter has them, those that are excluded among them.
    std::size_t from(std::uint32_t rank, std::span<ItemId> out) const noexcept;
    std::uint32_t rank(std::uint32_t item) const noexcept { return filter_ != nullptr ? filter_->rank(item) : item; }
    std::uint32_t ranks() const noexcept { return filter_ != nullptr ? filter_->count() : n_items_; }

    const Eligible* filter_;
    std::span<const ItemId> excluded_;
    ExcludedItems& memory_;
    std::uint32_t n_items_;
    std::uint32_t count_;
};

template <class Take>
void Admission::for_each(const Take& take) const {
    std::array<ItemId, at_once> some;
    const std::uint32_t end = ranks();
    for (std::uint32_t rank = 0; rank < end;) {
        const std::size_t n = from(rank, some);
        if (n == 0) return;
        rank += static_cast<std::uint32_t>(n);
        const auto kept = std::remove_if(some.begin(), some.begin() + static_cast<std::ptrdiff_t>(n),
                                         [this](ItemId item) { return excludes(item); });
        take(std::span<const ItemId>(some.begin(), kept));
    }
}

}  // namespace nearfile::search
