// Run numbered tasks on several threads. The result must not depend on which thread runs which task: every task writes
// to a place of its own, and whatever is summed is summed afterwards in task order.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace nearfile::base {

// 0 means every core that this process may use. Never more than a call has use for, max_threads of thread_pool.hpp.
unsigned resolve_threads(unsigned threads) noexcept;

using Task = std::function<void(std::size_t task)>;

// Tasks 0..n-1 on up to `threads` threads, the calling one included; on fewer where the system gives no more. The first
// exception of a task is rethrown here after the others have stopped. Threads are kept for the next call; calls may be
// nested and come from any thread.
void parallel_for(std::size_t n, unsigned threads, const Task& task);

// Told how many tasks are done, about twenty times a second and once at the end, on the calling thread; false stops the
// work.
using Watch = std::function<bool(std::size_t done)>;

// The same while the calling thread only watches, so that a long task does not hold up the progress or an interrupt.
// Sets `stop` when the watch says so (long tasks look at it); returns whether everything ran.
bool parallel_for_watched(std::size_t n, unsigned threads, const Task& task, const Watch& watch,
                          std::atomic<bool>& stop);

}  // namespace nearfile::base
