// The k nearest of what is measured, as a heap with the farthest in front; ties by smaller id. In memory of others.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
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

// Whole numbers in the order of distances, so that sorting takes what is no number too, of a damaged file.
inline std::int32_t in_order(float distance) noexcept {
    const auto bits = std::bit_cast<std::int32_t>(distance + 0.0f);  // zero is zero, whatever its sign
    return bits ^ ((bits >> 31) & 0x7fffffff);
}

inline constexpr std::size_t most_ranked = 128;

// By distance alone, in the order they came where it is the same; at most `most_ranked`. The place of each is how many
// are nearer: all are compared with all, but several at once and without a branch, which costs a quarter of sorting.
inline void rank_by_distance(std::span<Neighbor> some) noexcept {
    std::array<std::int32_t, most_ranked> keys;
    std::array<Neighbor, most_ranked> ranked;
    const auto n = static_cast<std::int32_t>(some.size());
    for (std::int32_t i = 0; i < n; ++i) keys[i] = in_order(some[i].distance);
    for (std::int32_t i = 0; i < n; ++i) {
        std::int32_t rank = 0;
        for (std::int32_t j = 0; j < i; ++j) rank += keys[j] <= keys[i] ? 1 : 0;
        for (std::int32_t j = i + 1; j < n; ++j) rank += keys[j] < keys[i] ? 1 : 0;
        ranked[rank] = some[i];
    }
    std::copy_n(ranked.begin(), n, some.begin());
}

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
        sort(room_.first(size_));
        std::fill(end(), room_.end(), Neighbor{0, std::numeric_limits<float>::infinity()});
        const bool negated = state_.description.metric == Metric::dot;
        for (Neighbor& each : room_) {
            each.row = state_.row_of(each.row);
            if (negated) each.distance = -each.distance;
        }
        return size_;
    }

private:
    void sort(std::span<Neighbor> some) const noexcept {
        if (some.size() <= most_ranked) {
            rank_by_distance(some);
        } else {
            std::ranges::sort(some, {}, [](const Neighbor& each) { return in_order(each.distance); });
        }
        for (auto first = some.begin(); first != some.end();) {
            const auto next = std::find_if(first + 1, some.end(), [&](const Neighbor& each) {
                return in_order(each.distance) != in_order(first->distance);
            });
            if (next - first > 1) std::sort(first, next, Nearer{state_});
            first = next;
        }
    }
    std::span<Neighbor>::iterator end() const noexcept { return room_.begin() + static_cast<std::ptrdiff_t>(size_); }

    const Index::State& state_;
    std::span<Neighbor> room_;
    float limit_;
    std::size_t size_ = 0;
};

}  // namespace nearfile::search
