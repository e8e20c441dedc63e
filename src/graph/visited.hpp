// The vertices that a walk has visited: a hash set that grows before a quarter of it is taken. So wide, because what
// finds its place taken is what the processor does not foresee; and of four bytes a place, so that it stays in the
// nearest cache.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "graph/distances.hpp"

namespace nearfile::graph {

class Visited {
public:
    // `expected`: about how many will be inserted, fewer than 2^29.
    void reset(std::size_t expected) {
        std::size_t places = 256;
        while (places < expected * 8) places *= 2;
        clear(places);
    }

    // False where it was there.
    bool insert(ItemId item) {
        if (size_ * 4 > mask_ && shift_ > 0) grow();
        return place(item);
    }

private:
    static constexpr ItemId none = 0xffffffffu;

    void clear(std::size_t places) {
        if (table_.size() < places) table_.resize(places);
        std::fill_n(table_.begin(), places, none);
        mask_ = places - 1;
        shift_ = 32 - std::countr_zero(places);
        size_ = 0;
    }

    bool place(ItemId item) noexcept {
        std::size_t at = item * 0x9e3779b1u >> shift_;  // Knuth's multiplicative hash: neighbours lie far apart
        while (table_[at] != none) {
            if (table_[at] == item) return false;
            at = (at + 1) & mask_;
        }
        table_[at] = item;
        ++size_;
        return true;
    }

    void grow() {
        std::vector<ItemId> held;
        for (std::size_t i = 0; i <= mask_; ++i) {
            if (table_[i] != none) held.push_back(table_[i]);
        }
        clear((mask_ + 1) * 2);
        for (const ItemId item : held) place(item);
    }

    std::vector<ItemId> table_;
    std::size_t mask_ = 0;
    int shift_ = 0;
    std::size_t size_ = 0;
};

}  // namespace nearfile::graph
