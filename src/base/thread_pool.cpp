#include "base/thread_pool.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/threads_of_system.hpp"

namespace nearfile::base {
namespace {

class Pool {
public:
    Pool() {
        waiting_.reserve(max_threads);
        threads_.reserve(max_threads);
        ended_.reserve(max_threads);
    }

    std::size_t lend(Job& job, std::size_t wanted) noexcept {
        const std::lock_guard lock(mutex_);
        while (free() < wanted && threads_.size() < max_threads && start()) {
        }
        const std::size_t lent = std::min(wanted, free());
        for (std::size_t i = 0; i < lent; ++i) {
            waiting_.push_back(&job);
            wake_.notify_one();
        }
        return lent;
    }

    std::size_t take_back(const Job& job) noexcept {
        const std::lock_guard lock(mutex_);
        return std::erase(waiting_, &job);
    }

    // Returns when the threads that were free are gone.
    void end_free() noexcept {
        std::unique_lock lock(mutex_);
        ending_ += free();
        wake_.notify_all();
        all_ended_.wait(lock, [this] { return ending_ == 0; });
        while (!ended_.empty()) {
            std::thread thread = std::move(ended_.back());
            ended_.pop_back();
            lock.unlock();
            thread.join();
            lock.lock();
        }
    }

private:
    // Idle, and neither promised to a job nor about to end.
    std::size_t free() const noexcept { return idle_ - waiting_.size() - ending_; }

    bool start() noexcept {
        try {
            threads_.push_back(start_thread([this] { serve(); }));
        } catch (const std::exception&) {
            return false;
        }
        ++idle_;
        return true;
    }

    void serve() noexcept {
        while (Job* const job = next()) {
            job->run();
            {
                // Before the caller hears of it, whose next call shall find this thread and not start another.
                const std::lock_guard lock(mutex_);
                ++idle_;
            }
            job->done();
        }
    }

    // Null where the thread is to end.
    Job* next() noexcept {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return !waiting_.empty() || ending_ > 0; });
        --idle_;
        if (waiting_.empty()) {
            end_this_thread();
            return nullptr;
        }
        Job* const job = waiting_.back();
        waiting_.pop_back();
        return job;
    }

    void end_this_thread() noexcept {
        const auto is_this = [](const std::thread& each) { return each.get_id() == std::this_thread::get_id(); };
        const auto found = std::find_if(threads_.begin(), threads_.end(), is_this);
        ended_.push_back(std::move(*found));
        *found = std::move(threads_.back());
        threads_.pop_back();
        if (--ending_ == 0) all_ended_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable all_ended_;
    std::vector<Job*>
        waiting_;  // once for each thread that a job got and that has not come for it; never more than idle_
    std::vector<std::thread> threads_;
    std::vector<std::thread> ended_;  // to be joined
    std::size_t idle_ = 0;
    std::size_t ending_ = 0;  // how many of them are to end
};

std::atomic<Pool*> current{nullptr};

void before_fork() noexcept {
    Pool* const found = current.load(std::memory_order_acquire);
    if (found != nullptr) found->end_free();
}

// The copy of the parent's pool may be locked for ever, and has none of its threads.
void in_forked_child() noexcept {
    current.store(nullptr, std::memory_order_relaxed);
}

[[maybe_unused]] const int watching_forks = watch_forks(before_fork, in_forked_child);

// Null without memory for it.
Pool* pool() noexcept {
    Pool* found = current.load(std::memory_order_acquire);
    if (found != nullptr) return found;
    Pool* made = nullptr;
    try {
        made = new Pool;
    } catch (const std::exception&) {
        return nullptr;
    }
    if (current.compare_exchange_strong(found, made, std::memory_order_acq_rel)) return made;
    delete made;
    return found;
}

}  // namespace

std::size_t lend_threads(Job& job, std::size_t wanted) noexcept {
    Pool* const lender = wanted == 0 ? nullptr : pool();
    return lender == nullptr ? 0 : lender->lend(job, wanted);
}

std::size_t take_back_threads(const Job& job) noexcept {
    Pool* const lender = current.load(std::memory_order_acquire);
    return lender == nullptr ? 0 : lender->take_back(job);
}

}  // namespace nearfile::base
