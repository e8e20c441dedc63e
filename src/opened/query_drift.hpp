// Whether the queries of an open index are like those that its calibration asked: how many of the first few hundred
// have a nearest item that is farther than those of 99 in 100 of the calibration's. Of queries that are like them one
// in a hundred has; of noise, of another encoder's vectors, or of texts among images nearly all, and then the efforts
// that the calibration found are not enough.
//
// Threading: any. After the first few hundred queries it costs one load a query.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace nearfile::opened {

class QueryDriftWatch {
public:
    static constexpr std::uint32_t most_watched = 256;

    // `limit`: what nearest distances are compared with.
    void watch(float limit) noexcept {
        limit_ = limit;
        seen_.store(0, std::memory_order_relaxed);
    }
    // How many are looked at; zero where there is nothing to compare them with.
    std::uint32_t watched() const noexcept { return watched_ever() ? most_watched : 0; }
    bool watching() const noexcept { return seen_.load(std::memory_order_relaxed) < most_watched; }

    void note(float nearest) noexcept {
        if (nearest > limit_) far_.fetch_add(1, std::memory_order_relaxed);
        // After the other, so that whoever sees the last query sees all that were far.
        seen_.fetch_add(1, std::memory_order_release);
    }

    // Zero where none is watched.
    std::uint32_t seen() const noexcept {
        return watched_ever() ? std::min(seen_.load(std::memory_order_acquire), most_watched) : 0;
    }
    std::uint32_t far() const noexcept { return std::min(far_.load(std::memory_order_relaxed), seen()); }

private:
    static constexpr std::uint32_t never = 0x80000000u;

    bool watched_ever() const noexcept { return seen_.load(std::memory_order_relaxed) < never; }

    float limit_ = 0;
    std::atomic<std::uint32_t> far_{0};
    std::atomic<std::uint32_t> seen_{never};  // threads may note a few more than are watched
};

}  // namespace nearfile::opened
