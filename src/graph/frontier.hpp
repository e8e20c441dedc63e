// The best vertices that a walk has visited, nearest first, a bounded number; and which of them it has expanded.
#pragma once

#include <algorithm>
#include <array>
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
        if (entries_.size() < kept + at_once) entries_.resize(kept + at_once);
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

    void insert(float distance, ItemId item) noexcept { insert_all(&distance, &item, 1); }

    // As one after the other. But what is there moves once for all of them, for what has just been written is slow to
    // read again in other pieces; and their places are looked for side by side.
    void insert_all(const float* distances, const ItemId* items, std::size_t n) noexcept {
        for (std::size_t start = 0; start < n; start += at_once) {
            insert_some(distances + start, items + start, std::min(at_once, n - start));
        }
    }

    bool has_next() const noexcept {
        if (next_ >= size_) return false;
        return next_ < narrow_ || (next_ < width_ && entries_[next_].distance < limit_);
    }

    // How many are nearer than the one that next() gives.
    std::size_t n_nearer() const noexcept { return next_; }

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
    static constexpr std::size_t at_once = 16;

    void insert_some(const float* distances, const ItemId* items, std::size_t n) noexcept {
        std::array<Entry, at_once> nearer;
        std::size_t n_nearer = 0;
        for (std::size_t i = 0; i < n; ++i) {
            nearer[n_nearer] = {distances[i], items[i]};
            n_nearer += distances[i] < last_ ? 1 : 0;
        }
        if (n_nearer == 0) return;
        std::array<Entry, at_once> sorted;
        std::array<std::size_t, at_once> places;  // behind how many of those that are there
        for (std::size_t i = 0; i < n_nearer; ++i) {
            const float distance = nearer[i].distance;
            std::size_t rank = 0;
            for (std::size_t j = 0; j < i; ++j) rank += nearer[j].distance <= distance ? 1 : 0;
            for (std::size_t j = i + 1; j < n_nearer; ++j) rank += nearer[j].distance < distance ? 1 : 0;
            sorted[rank] = nearer[i];
            places[rank] = n_not_farther(distance);
        }
        std::size_t end = size_;
        for (std::size_t i = n_nearer; i-- > 0;) {
            Entry* from = entries_.data() + places[i];
            std::memmove(from + i + 1, from, (end - places[i]) * sizeof(Entry));
            from[i] = sorted[i];
            end = places[i];
        }
        next_ = std::min(next_, places[0]);
        size_ = std::min(size_ + n_nearer, kept_);
        if (size_ >= narrow_) set_threshold();
        if (size_ == kept_) last_ = entries_[size_ - 1].distance;
    }

    // A binary search without branches: where it goes is a coin flip to the processor.
    std::size_t n_not_farther(float distance) const noexcept {
        const Entry* base = entries_.data();
        std::size_t n = size_;
        while (n > 1) {
            const std::size_t half = n / 2;
            base += half & (std::size_t{0} - static_cast<std::size_t>(base[half - 1].distance <= distance));
            n -= half;
        }
        return static_cast<std::size_t>(base - entries_.data()) + (n == 1 && base->distance <= distance ? 1 : 0);
    }

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
