// Threads are kept for the next call, and lent to whoever asks without anybody waiting for them.
#include "base/thread_pool.hpp"

#include <stdexcept>
#include <thread>
#include <vector>

#include "base/thread_pool_sample.hpp"
#include "check.hpp"

using namespace nearfile::base;
using namespace nearfile::base::sample;

TEST(thread_pool_gives_as_many_threads_as_asked_for) {
    for (const unsigned threads : {1u, 2u, 5u, 16u}) CHECK(meet(threads).size() == threads);
}

TEST(thread_pool_lets_calls_be_nested) {
    std::atomic<int> ran{0};
    parallel_for(8, 4, [&](std::size_t) {
        parallel_for(8, 4, [&](std::size_t) {
            std::atomic<bool> stop{false};
            parallel_for_watched(8, 4, [&](std::size_t) { ++ran; }, {}, stop);
        });
    });
    CHECK(ran == 8 * 8 * 8);
}

// More than there may ever be threads: every call goes on with those that it gets.
TEST(thread_pool_serves_many_callers_at_once) {
    std::atomic<int> ran{0};
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 32; ++caller) {
        callers.emplace_back([&] {
            for (int call = 0; call < 20; ++call) {
                parallel_for(100, 64, [&](std::size_t) { ++ran; });
                std::atomic<bool> stop{false};
                parallel_for_watched(100, 64, [&](std::size_t) { ++ran; }, {}, stop);
            }
        });
    }
    for (auto& caller : callers) caller.join();
    CHECK(ran == 32 * 20 * 200);
}

TEST(thread_pool_goes_on_after_a_task_that_throws) {
    const auto fail = [](std::size_t) { throw std::runtime_error("a task"); };
    for (int call = 0; call < 50; ++call) {
        bool thrown = false;
        try {
            parallel_for(10, 4, fail);
        } catch (const std::runtime_error&) {
            thrown = true;
        }
        CHECK(thrown && all_run(20, 4));
    }
}
