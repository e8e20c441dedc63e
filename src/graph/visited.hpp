// The vertices that a walk has visited: a hash set that is emptied at no cost and grows before it is half full.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/distances.hpp"

namespace nearfile::graph {

class Visited {
public:
    void reset(std::size_t expected) {
        std::size_t places = 256;
        while (places < expected * 2) places *= 2;
        if (table_.size() < places) table_.resize(places);
        // A round number in the upper half of an entry tells this walk's from those of earlier ones.
        if (++round_ == 0) {
            table_.assign(table_.size(), 0);
            round_ = 1;
        }
        mask_ = places - 1;
        size_ = 0;
    }

    // False where it was there.
    bool insert(ItemId item) {
        if (size_ * 2 > mask_) grow();
        return place(item);
    }

private:
    bool place(ItemId item) noexcept {
        const std::uint64_t entry = (std::uint64_t{round_} << 32) | item;
        std::size_t at = (item * 0x9e3779b1u) >> 7 & mask_;
        while (static_cast<std::uint32_t>(table_[at] >> 32) == round_) {
            if (table_[at] == entry) return false;
            at = (at + 1) & mask_;
        }
        table_[at] = entry;
        ++size_;
        return true;
    }

    void grow() {
        std::vector<ItemId> held;
        for (std::size_t i = 0; i <= mask_; ++i) {
            if (static_cast<std::uint32_t>(table_[i] >> 32) == round_) held.push_back(static_cast<ItemId>(table_[i]));
        }
        reset(held.size() * 2);
        for (const ItemId item : held) place(item);
    }

    std::vector<std::uint64_t> table_;
    std::uint32_t round_ = 0;
    std::size_t mask_ = 0;
    std::size_t size_ = 0;
};

}  // namespace nearfile::graph
