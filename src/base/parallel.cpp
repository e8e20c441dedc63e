#include "base/parallel.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace nearfile::base {
namespace {

constexpr auto watch_interval = std::chrono::milliseconds(50);

// What the workers of one call share.
struct Work {
    Work(const Task& task_, std::size_t n_, std::atomic<bool>& stop_) : task(task_), n(n_), stop(stop_) {}

    const Task& task;
    const std::size_t n;
    std::atomic<bool>& stop;
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> done{0};
    std::mutex mutex;
    std::condition_variable finished;
    std::size_t running = 0;
    std::exception_ptr failure;

    void run() noexcept {
        try {
            while (!stop.load(std::memory_order_relaxed)) {
                const std::size_t i = next.fetch_add(1, std::memory_order_relaxed);
                if (i >= n) break;
                task(i);
                done.fetch_add(1, std::memory_order_relaxed);
            }
        } catch (...) {
            const std::lock_guard lock(mutex);
            if (!failure) failure = std::current_exception();
            stop.store(true, std::memory_order_relaxed);
        }
    }

    void run_and_tell() noexcept {
        run();
        const std::lock_guard lock(mutex);
        --running;
        finished.notify_all();
    }
};

// As many of `wanted` threads as the system gives; at least the caller's own work goes on without them.
std::vector<std::thread> start(Work& work, std::size_t wanted) {
    std::vector<std::thread> threads;
    threads.reserve(wanted);
    for (std::size_t t = 0; t < wanted; ++t) {
        {
            const std::lock_guard lock(work.mutex);
            ++work.running;
        }
        try {
            threads.emplace_back([&work] { work.run_and_tell(); });
        } catch (const std::system_error&) {
            const std::lock_guard lock(work.mutex);
            --work.running;
            break;
        }
    }
    return threads;
}

void join(std::vector<std::thread>& threads) {
    for (auto& thread : threads) thread.join();
}

}  // namespace

unsigned resolve_threads(unsigned threads) noexcept {
    if (threads != 0) return threads;
    return std::max(1u, std::thread::hardware_concurrency());
}

void parallel_for(std::size_t n, unsigned threads, const Task& task) {
    std::atomic<bool> stop{false};
    Work work(task, n, stop);
    const std::size_t helpers = n == 0 ? 0 : std::min<std::size_t>(resolve_threads(threads), n) - 1;
    auto started = start(work, helpers);
    work.run();
    join(started);
    if (work.failure) std::rethrow_exception(work.failure);
}

bool parallel_for_watched(std::size_t n, unsigned threads, const Task& task, const Watch& watch,
                          std::atomic<bool>& stop) {
    Work work(task, n, stop);
    auto started = start(work, std::min<std::size_t>(resolve_threads(threads), n));
    if (started.empty()) work.run();
    std::exception_ptr watch_failure;
    {
        std::unique_lock lock(work.mutex);
        while (!work.finished.wait_for(lock, watch_interval, [&work] { return work.running == 0; })) {
            lock.unlock();
            try {
                if (watch && !watch(work.done.load())) stop.store(true, std::memory_order_relaxed);
            } catch (...) {
                watch_failure = std::current_exception();
                stop.store(true, std::memory_order_relaxed);
            }
            lock.lock();
        }
    }
    join(started);
    if (work.failure) std::rethrow_exception(work.failure);
    if (watch_failure) std::rethrow_exception(watch_failure);
    if (watch && !stop.load() && !watch(work.done.load())) stop.store(true, std::memory_order_relaxed);
    return work.done.load() == n && !stop.load();
}

}  // namespace nearfile::base
