// The best vertices that a walk has visited, nearest first, a bounded number; and which of them it has expanded.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "graph/distances.hpp"

namespace nearfile::graph {

struct Step {
    float distance;
    ItemId item;
};

// Where what is farther than some distance is of no use: beyond it a walk goes on to the few nearest alone, which lead
// to what is within.
struct Limit {
    float distance = -std::numeric_limits<float>::infinity();
    std::size_t beyond = std::numeric_limits<std::size_t>::max();
};

class Frontier {
public:
    // The walk goes on to the `width` nearest, or fewer by the limit; `kept` of them, at least as many, are remembered.
    void reset(std::size_t width, std::size_t kept, const Limit& limit = {}) {
        if (entries_.size() < kept + 1) entries_.resize(kept + 1);
        width_ = width;
        narrow_ = std::min(width, limit.beyond);
        limit_ = limit.distance;
        kept_ = kept;
        size_ = 0;
        next_ = 0;
        threshold_ = std::numeric_limits<float>::infinity();
        last_ = std::numeric_limits<float>::infinity();
    }
    void reset(std::size_t width) { reset(width, width); }

    // A limit that has come nearer.
    void set_limit(float distance) noexcept {
        limit_ = distance;
        if (size_ >= narrow_) set_threshold();
    }

    // The walk will go only to what is nearer than this.
    float threshold() const noexcept { return threshold_; }

    void insert(float distance, ItemId item) noexcept {
        if (!(distance < last_)) return;
        // Branch-free binary search: where it goes is a coin flip to the processor.
        const Entry* base = entries_.data();
        std::size_t n = size_;
        while (n > 1) {
            const std::size_t half = n / 2;
            base += base[half - 1].distance <= distance ? half : 0;
            n -= half;
        }
        std::size_t at = static_cast<std::size_t>(base - entries_.data());
        at += n == 1 && base->distance <= distance ? 1 : 0;
        if (size_ < kept_) ++size_;
        Entry* place = entries_.data() + at;
        std::memmove(place + 1, place, (size_ - 1 - at) * sizeof(Entry));
        *place = {distance, item};
        if (at < next_) next_ = at;
        if (size_ >= narrow_) set_threshold();
        if (size_ == kept_) last_ = entries_[size_ - 1].distance;
    }

    bool has_next() const noexcept {
        if (next_ >= size_) return false;
        return next_ < narrow_ || (next_ < width_ && entries_[next_].distance < limit_);
    }

    // The nearest one that the walk has not expanded; from now on it has.
    Step next() noexcept {
        Entry& entry = entries_[next_];
        const Step step{entry.distance, entry.item};
        entry.item |= expanded;
        do ++next_;
        while (next_ < size_ && (entries_[next_].item & expanded) != 0);
        return step;
    }

    std::size_t size() const noexcept { return size_; }
    Step operator[](std::size_t i) const noexcept { return {entries_[i].distance, entries_[i].item & ~expanded}; }

private:
    struct Entry {
        float distance;
        ItemId item;
    };
    static constexpr ItemId expanded = 0x80000000u;

    void set_threshold() noexcept {
        threshold_ = std::max(entries_[narrow_ - 1].distance, limit_);
        if (size_ >= width_) threshold_ = std::min(threshold_, entries_[width_ - 1].distance);
    }

    std::vector<Entry> entries_;
    std::size_t width_ = 0;
    std::size_t narrow_ = 0;
    float limit_ = 0;
    std::size_t kept_ = 0;
    float last_ = 0;  // what is not nearer is not remembered
    std::size_t size_ = 0;
    std::size_t next_ = 0;
    float threshold_ = 0;
};

}  // namespace nearfile::graph
