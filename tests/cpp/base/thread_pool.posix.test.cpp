// Threads come to no harm where memory or threads run out, the process forks or it ends.
#include "base/thread_pool.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <new>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/thread_pool_sample.hpp"
#include "check.hpp"
#include "child.hpp"

namespace {

// Of this thread; the one after them fails, and all that follow. Negative: without an end.
thread_local int allocations_left = -1;

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t bytes) {
    if (allocations_left == 0) throw std::bad_alloc();
    if (allocations_left > 0) --allocations_left;
    void* const memory = std::malloc(bytes == 0 ? 1 : bytes);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

using namespace nearfile::base;
using namespace nearfile::base::sample;
using nearfile::test::in_child;

// In a process of its own, which has no threads yet; and so below.
TEST(thread_pool_keeps_threads_for_the_next_call) {
    in_child([] {
        std::set<int> seen;
        for (int call = 0; call < 100; ++call) seen.merge(meet(3));
        CHECK(seen.size() == 3);
        std::atomic<bool> stop{false};
        for (int call = 0; call < 20; ++call) {
            std::mutex mutex;
            const auto note = [&](std::size_t) {
                const std::lock_guard lock(mutex);
                seen.insert(number_of_this_thread());
            };
            CHECK(parallel_for_watched(50, 2, note, {}, stop));
        }
        CHECK(seen.size() == 3);
    });
}

TEST(thread_pool_takes_any_number_of_threads) {
    CHECK(resolve_threads(4'000'000'000u) == max_threads);
    in_child([] {
        CHECK(all_run(10'000, 4'000'000'000u));
        std::atomic<bool> stop{false};
        CHECK(parallel_for_watched(10'000, 4'000'000'000u, [](std::size_t) {}, {}, stop));
    });
}

#if !defined(__SANITIZE_THREAD__)  // which cannot do it
TEST(thread_pool_works_in_the_child_of_a_fork) {
    CHECK(meet(4).size() == 4);
    std::atomic<bool> over{false};
    std::thread busy([&] {
        while (!over) CHECK(all_run(100, 4));
    });
    for (int turn = 0; turn < 8; ++turn) {
        in_child([] {
            CHECK(all_run(1000, 4));
            CHECK(meet(4).size() == 4);
            in_child([] { CHECK(meet(3).size() == 3); });
        });
    }
    over = true;
    busy.join();
    CHECK(meet(4).size() == 4);
}
#endif

#if defined(__linux__)
TEST(thread_pool_has_no_idle_threads_when_the_process_forks) {
    in_child([] {
        const auto n_threads = [] {
            const std::filesystem::directory_iterator all("/proc/self/task");
            return std::distance(all, std::filesystem::directory_iterator());
        };
        for (int turn = 0; turn < 20; ++turn) {
            CHECK(meet(8).size() == 8);
            CHECK(n_threads() > 1);
            in_child([] {});
            // The system may count one for a moment that has ended.
            for (int wait = 0; n_threads() > 1 && wait < 1000; ++wait) {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
            CHECK(n_threads() == 1);
        }
    });
}
#endif

// Whichever allocation is the one that fails, all tasks run once or std::bad_alloc comes out.
TEST(thread_pool_runs_out_of_memory_unharmed) {
    for (int left = 0; left < 24; ++left) {
        for (const bool watched : {false, true}) {
            in_child([&] {
                std::vector<std::atomic<int>> times(64);
                const Task task = [&](std::size_t at) { ++times[at]; };
                std::atomic<bool> stop{false};
                allocations_left = left;
                try {
                    if (watched) CHECK(parallel_for_watched(times.size(), 8, task, {}, stop));
                    if (!watched) parallel_for(times.size(), 8, task);
                    allocations_left = -1;
                    for (const auto& each : times) CHECK(each == 1);
                } catch (const std::bad_alloc&) {
                    allocations_left = -1;
                }
                CHECK(all_run(100, 8));
            });
        }
    }
}

#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)  // which need more room
TEST(thread_pool_does_without_threads_that_the_system_does_not_give) {
    in_child([] {
        // Room for a few stacks of a thread at most.
        const rlimit limit = {std::size_t{1} << 26, std::size_t{1} << 26};
        CHECK(::setrlimit(RLIMIT_AS, &limit) == 0);
        CHECK(all_run(1000, 1000));
        std::atomic<bool> stop{false};
        CHECK(parallel_for_watched(1000, 1000, [](std::size_t) {}, {}, stop));
    });
}
#endif

// Whoever blocks a signal in all of a program's own threads, to wait for it, knows nothing of these.
TEST(thread_pool_hears_no_signals_of_the_program) {
    in_child([] {
        std::atomic<int> open{0};
        std::atomic<int> heard{0};
        const auto caller = std::this_thread::get_id();
        parallel_for(8, 4, [&](std::size_t) {
            sigset_t blocked;
            pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
            if (std::this_thread::get_id() == caller) {
                open += sigismember(&blocked, SIGINT);
            } else {
                heard += sigismember(&blocked, SIGINT) == 0 || sigismember(&blocked, SIGTERM) == 0 ||
                         sigismember(&blocked, SIGBUS) == 1;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        });
        CHECK(open == 0);  // the caller's are as they were
        CHECK(heard == 0);
    });
}

// What happens at the end of a program happens in this one too, when all tests are done: exit() with threads that wait.
TEST(thread_pool_lets_the_program_end_while_tasks_run) {
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(60);
        std::thread([] {
            parallel_for(1000, 4, [](std::size_t) { std::this_thread::sleep_for(std::chrono::seconds(1)); });
        }).detach();
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        std::exit(5);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 5);
}
