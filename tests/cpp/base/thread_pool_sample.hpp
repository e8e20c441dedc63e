// Tasks that tell which threads ran them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <set>
#include <vector>

#include "base/parallel.hpp"

namespace nearfile::base::sample {

// Numbers threads as they come; numbers of the system are used again.
inline int number_of_this_thread() {
    static std::atomic<int> n_seen{0};
    thread_local const int number = n_seen.fetch_add(1);
    return number;
}

inline bool all_run(std::size_t n, unsigned threads) {
    std::vector<std::atomic<int>> times(n);
    parallel_for(n, threads, [&](std::size_t task) { ++times[task]; });
    for (const auto& each : times) {
        if (each != 1) return false;
    }
    return true;
}

// Tasks that need `threads` threads at once to end, or a second.
inline std::set<int> meet(unsigned threads) {
    std::mutex mutex;
    std::set<int> there;
    const auto late = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    parallel_for(threads, threads, [&](std::size_t) {
        for (bool waiting = true; waiting && std::chrono::steady_clock::now() < late;) {
            const std::lock_guard lock(mutex);
            there.insert(number_of_this_thread());
            waiting = there.size() < threads;
        }
    });
    return there;
}

}  // namespace nearfile::base::sample
