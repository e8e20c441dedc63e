// How a build runs its stages: in parallel, watched, and stopped by an exception.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/parallel.hpp"
#include "nearfile/types.hpp"
#include "opened/errors.hpp"

namespace nearfile::build {

// Told how far a stage is; false stops the build.
using StageWatch = std::function<bool(std::string_view stage, std::uint64_t done, std::uint64_t total)>;

// Tells `progress`, if there is one, of stages. One that comes again goes on counting where it ended.
StageWatch counted_on(const Progress& progress);

[[noreturn]] inline void raise_stopped(std::string_view stage) {
    opened::raise(ErrorCode::cancelled, "the build was stopped while working on " + std::string(stage));
}

// Tasks of one stage; throws Error(cancelled) when the watch returns false.
inline void run_stage(std::string_view stage, std::size_t n_tasks, unsigned threads, const base::Task& task,
                      const StageWatch& watch, std::atomic<bool>& stop) {
    const bool finished = base::parallel_for_watched(
        n_tasks, threads, task, [&](std::size_t done) { return !watch || watch(stage, done, n_tasks); }, stop);
    if (!finished) raise_stopped(stage);
}

// Rows in blocks of a fixed size, whatever the number of threads: sums over blocks come out the same.
inline constexpr std::uint32_t block_rows = 4096;

inline std::size_t n_blocks(std::uint32_t count) {
    return (static_cast<std::size_t>(count) + block_rows - 1) / block_rows;
}

// `work` takes the number of a block, its first row and the one after its last.
template <class Work>
void run_blocks(std::string_view stage, std::uint32_t count, unsigned threads, const Work& work,
                const StageWatch& watch, std::uint32_t rows_a_block = block_rows) {
    std::atomic<bool> stop{false};
    run_stage(
        stage, (static_cast<std::size_t>(count) + rows_a_block - 1) / rows_a_block, threads,
        [&](std::size_t block) {
            const auto begin = static_cast<std::uint32_t>(block * rows_a_block);
            work(block, begin, std::min(count, begin + rows_a_block));
        },
        watch, stop);
}

// The same where what does the work is worth keeping from block to block: `make` makes one, as many as are at work at
// once.
template <class Make, class Work>
void run_blocks_with(std::string_view stage, std::uint32_t count, unsigned threads, const Make& make, const Work& work,
                     const StageWatch& watch, std::uint32_t rows_a_block = block_rows) {
    std::mutex mutex;
    std::vector<decltype(make())> idle;
    const auto borrow = [&] {
        const std::lock_guard lock(mutex);
        if (idle.empty()) return make();
        auto last = std::move(idle.back());
        idle.pop_back();
        return last;
    };
    run_blocks(
        stage, count, threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            auto worker = borrow();
            work(*worker, begin, end);
            const std::lock_guard lock(mutex);
            idle.push_back(std::move(worker));
        },
        watch, rows_a_block);
}

// About 2,048 rows, evenly spread, one after another; `load` writes row i into a span.
template <class Load>
std::vector<float> sample_rows(std::uint32_t count, std::size_t dim, const Load& load) {
    constexpr std::uint32_t wanted = 2048;
    const std::uint32_t step = std::max(1u, count / wanted);
    std::vector<float> sample((static_cast<std::size_t>(count) + step - 1) / step * dim);
    for (std::uint32_t row = 0; row < count; row += step) load(row, std::span(sample).subspan(row / step * dim, dim));
    return sample;
}

}  // namespace nearfile::build
