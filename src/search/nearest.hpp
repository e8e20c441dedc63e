// The k nearest of what is measured, as a heap with the farthest in front; ties by smaller id. In memory of others.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>

#include "opened/state.hpp"

namespace nearfile::search {

struct Nearer {
    const Index::State& state;
    bool operator()(const Neighbor& a, const Neighbor& b) const noexcept {
        if (a.distance != b.distance) return a.distance < b.distance;
        return state.ids.number(state.row_of(a.row)) < state.ids.number(state.row_of(b.row));
    }
};

class Nearest {
public:
    // `room`: for k of them, by item as long as they are collected. What is farther than `limit` is none of them.
    Nearest(const Index::State& state, std::span<Neighbor> room,
            float limit = std::numeric_limits<float>::infinity()) noexcept
        : state_(state), room_(room), limit_(limit) {}

    void offer(const Neighbor& each) noexcept {
        const Nearer nearer{state_};
        if (each.distance > limit_) return;
        if (size_ < room_.size()) {
            room_[size_++] = each;
            if (size_ == room_.size()) std::make_heap(room_.begin(), room_.end(), nearer);
        } else if (nearer(each, room_.front())) {
            std::pop_heap(room_.begin(), room_.end(), nearer);
            room_.back() = each;
            std::push_heap(room_.begin(), room_.end(), nearer);
        }
    }

    std::size_t size() const noexcept { return size_; }
    // What is farther is none of the nearest.
    float threshold() const noexcept { return size_ < room_.size() ? limit_ : room_.front().distance; }

    // Nearest first, by row, with the user's distances; how many. (Only a limit and bounds of a damaged file leave
    // room.)
    std::size_t finish() noexcept {
        if (size_ < room_.size()) std::make_heap(room_.begin(), end(), Nearer{state_});
        // Not std::sort, which may leave its range by distances that are no numbers, of a damaged file.
        std::sort_heap(room_.begin(), end(), Nearer{state_});
        std::fill(end(), room_.end(), Neighbor{0, std::numeric_limits<float>::infinity()});
        const bool negated = state_.description.metric == Metric::dot;
        for (Neighbor& each : room_) {
            each.row = state_.row_of(each.row);
            if (negated) each.distance = -each.distance;
        }
        return size_;
    }

private:
    std::span<Neighbor>::iterator end() const noexcept { return room_.begin() + static_cast<std::ptrdiff_t>(size_); }

    const Index::State& state_;
    std::span<Neighbor> room_;
    float limit_;
    std::size_t size_ = 0;
};

}  // namespace nearfile::search
