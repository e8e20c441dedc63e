#include "base/thread_pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace nearfile::base {
namespace {

// While this lives, threads that are started hear no signals: these are for the program's own threads, which may block
// some to wait for them. What a thread does to itself (a map of a file that was cut short) still arrives.
class SignalsBlocked {
public:
    SignalsBlocked() noexcept {
        sigset_t all;
        sigfillset(&all);
        for (const int its_own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) sigdelset(&all, its_own);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    sigset_t before_;
};

class Pool {
public:
    Pool() { waiting_.reserve(max_threads); }

    std::size_t lend(Job& job, std::size_t wanted) noexcept {
        const std::lock_guard lock(mutex_);
        while (free() < wanted && threads_ < max_threads && start()) {
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

private:
    // Idle and not promised to a job.
    std::size_t free() const noexcept { return idle_ - waiting_.size(); }

    bool start() noexcept {
        const SignalsBlocked blocked;
        try {
            std::thread([this] { serve(); }).detach();
        } catch (const std::exception&) {
            return false;
        }
        ++threads_;
        ++idle_;
        return true;
    }

    [[noreturn]] void serve() noexcept {
        for (;;) {
            Job& job = next();
            job.run();
            {
                // Before the caller hears of it, whose next call shall find this thread and not start another.
                const std::lock_guard lock(mutex_);
                ++idle_;
            }
            job.done();
        }
    }

    Job& next() noexcept {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return !waiting_.empty(); });
        Job* const job = waiting_.back();
        waiting_.pop_back();
        --idle_;
        return *job;
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<Job*>
        waiting_;  // once for each thread that a job got and that has not come for it; never more than idle_
    std::size_t idle_ = 0;
    std::size_t threads_ = 0;
};

std::atomic<Pool*> current{nullptr};

// The child's copy of the parent's pool may be locked for ever.
[[maybe_unused]] const int watching_forks =
    pthread_atfork(nullptr, nullptr, [] { current.store(nullptr, std::memory_order_relaxed); });

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
