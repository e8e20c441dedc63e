#include "base/parallel.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>

#include "base/cores.hpp"
#include "base/thread_pool.hpp"

namespace nearfile::base {
namespace {

constexpr auto watch_interval = std::chrono::milliseconds(50);

// The tasks of one call, and what the threads at work on them share.
class Work final : public Job {
public:
    Work(const Task& task, std::size_t n, std::atomic<bool>& stop) : task_(task), n_(n), stop_(stop) {}

    void run() noexcept override {
        try {
            while (!stop_.load(std::memory_order_relaxed)) {
                const std::size_t i = next_.fetch_add(1, std::memory_order_relaxed);
                if (i >= n_) break;
                task_(i);
                done_.fetch_add(1, std::memory_order_relaxed);
            }
        } catch (...) {
            const std::lock_guard lock(mutex_);
            if (!failure_) failure_ = std::current_exception();
            stop_.store(true, std::memory_order_relaxed);
        }
    }

    void done() noexcept override {
        const std::lock_guard lock(mutex_);
        --lent_;
        all_back_.notify_all();
    }

    // Returns how many threads help; the caller's own work goes on without them.
    std::size_t get_help(std::size_t wanted) noexcept {
        const std::lock_guard lock(mutex_);
        lent_ = lend_threads(*this, wanted);
        return lent_;
    }

    // After the caller's own run(), when there is nothing left for those that have not begun.
    void end_help() noexcept {
        std::unique_lock lock(mutex_);
        if (lent_ == 0) return;
        lent_ -= take_back_threads(*this);
        all_back_.wait(lock, [this] { return lent_ == 0; });
    }

    // Calls `watch` without holding anything until every thread is back.
    template <class Look>
    void watch_help(const Look& look) {
        std::unique_lock lock(mutex_);
        while (!all_back_.wait_for(lock, watch_interval, [this] { return lent_ == 0; })) {
            lock.unlock();
            look();
            lock.lock();
        }
    }

    void rethrow() const {
        if (failure_) std::rethrow_exception(failure_);
    }
    std::size_t n_done() const noexcept { return done_.load(); }

private:
    const Task& task_;
    const std::size_t n_;
    std::atomic<bool>& stop_;
    std::atomic<std::size_t> next_{0};
    std::atomic<std::size_t> done_{0};
    std::mutex mutex_;
    std::condition_variable all_back_;
    std::size_t lent_ = 0;
    std::exception_ptr failure_;
};

}  // namespace

unsigned resolve_threads(unsigned threads) noexcept {
    return std::min(threads != 0 ? threads : cores(), static_cast<unsigned>(max_threads));
}

void parallel_for(std::size_t n, unsigned threads, const Task& task) {
    std::atomic<bool> stop{false};
    Work work(task, n, stop);
    if (n > 1) work.get_help(std::min<std::size_t>(resolve_threads(threads), n) - 1);
    work.run();
    work.end_help();
    work.rethrow();
}

bool parallel_for_watched(std::size_t n, unsigned threads, const Task& task, const Watch& watch,
                          std::atomic<bool>& stop) {
    Work work(task, n, stop);
    if (work.get_help(std::min<std::size_t>(resolve_threads(threads), n)) == 0) work.run();
    std::exception_ptr watch_failure;
    work.watch_help([&] {
        try {
            if (watch && !watch(work.n_done())) stop.store(true, std::memory_order_relaxed);
        } catch (...) {
            watch_failure = std::current_exception();
            stop.store(true, std::memory_order_relaxed);
        }
    });
    work.rethrow();
    if (watch_failure) std::rethrow_exception(watch_failure);
    if (watch && !stop.load() && !watch(work.n_done())) stop.store(true, std::memory_order_relaxed);
    return work.n_done() == n && !stop.load();
}

}  // namespace nearfile::base
