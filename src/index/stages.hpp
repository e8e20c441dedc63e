// How a build runs its stages: in parallel, watched, and stopped by an exception.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/parallel.hpp"
#include "index/coding.hpp"
#include "index/errors.hpp"

namespace nearfile::index {

// Tasks of one stage; throws Error(cancelled) when the watch returns false.
inline void run_stage(std::string_view stage, std::size_t n_tasks, unsigned threads, const base::Task& task,
                      const StageWatch& watch, std::atomic<bool>& stop) {
    const bool finished = base::parallel_for_watched(
        n_tasks, threads, task, [&](std::size_t done) { return !watch || watch(stage, done, n_tasks); }, stop);
    if (!finished) raise(ErrorCode::cancelled, "the build was stopped while working on " + std::string(stage));
}

// Rows in blocks of a fixed size, whatever the number of threads: sums over blocks come out the same.
inline constexpr std::uint32_t block_rows = 4096;

inline std::size_t n_blocks(std::uint32_t count) {
    return (count + block_rows - 1) / block_rows;
}

template <class Work>
void run_blocks(std::string_view stage, std::uint32_t count, unsigned threads, const Work& work,
                const StageWatch& watch) {
    std::atomic<bool> stop{false};
    run_stage(
        stage, n_blocks(count), threads,
        [&](std::size_t block) {
            const auto begin = static_cast<std::uint32_t>(block * block_rows);
            work(block, begin, std::min(count, begin + block_rows));
        },
        watch, stop);
}

}  // namespace nearfile::index
