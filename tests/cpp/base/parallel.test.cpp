// Every task once on any number of threads; exceptions and the wish to stop arrive.
#include "base/parallel.hpp"

#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "check.hpp"

using namespace nearfile::base;

namespace {

constexpr unsigned thread_counts[] = {1, 2, 3, 8, 100};

// Catches what `work` throws and gives its text.
template <class Work>
std::string thrown_by(const Work& work) {
    try {
        work();
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "nothing";
}

}  // namespace

TEST(parallel_runs_every_task_once) {
    for (const unsigned threads : thread_counts) {
        for (const std::size_t n : {0, 1, 2, 7, 1000}) {
            std::vector<std::atomic<int>> times(n);
            parallel_for(n, threads, [&](std::size_t task) { ++times[task]; });
            for (const auto& each : times) CHECK(each == 1);
        }
    }
}

TEST(parallel_zero_threads_are_all_cores) {
    CHECK(resolve_threads(0) >= 1);
    CHECK(resolve_threads(3) == 3);
    std::atomic<int> ran{0};
    parallel_for(10, 0, [&](std::size_t) { ++ran; });
    CHECK(ran == 10);
}

TEST(parallel_rethrows_and_starts_no_more_tasks) {
    for (const unsigned threads : thread_counts) {
        std::atomic<int> ran{0};
        const auto work = [&] {
            parallel_for(100000, threads, [&](std::size_t task) {
                ++ran;
                if (task == 5) throw std::runtime_error("task five");
                // Throwing takes a while: the others must not be through by then.
                if (task > 5) std::this_thread::sleep_for(std::chrono::milliseconds(1));
            });
        };
        CHECK(thrown_by(work) == "task five");
        CHECK(ran < 100000);
    }
}

TEST(parallel_watched_runs_every_task_and_tells_the_end) {
    for (const unsigned threads : thread_counts) {
        for (const std::size_t n : {0, 1, 50}) {
            std::atomic<std::size_t> ran{0};
            std::atomic<bool> stop{false};
            std::size_t last = 99;
            const auto watcher = std::this_thread::get_id();
            const bool finished = parallel_for_watched(
                n, threads, [&](std::size_t) { ++ran; },
                [&](std::size_t done) {
                    CHECK(std::this_thread::get_id() == watcher);
                    last = done;
                    return true;
                },
                stop);
            CHECK(finished && ran == n && last == n && !stop);
        }
    }
}

TEST(parallel_watched_stops_when_the_watch_says_so) {
    std::atomic<bool> stop{false};
    std::atomic<std::size_t> ran{0};
    const bool finished = parallel_for_watched(
        1000000, 2,
        [&](std::size_t) {
            ++ran;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        },
        [](std::size_t) { return false; }, stop);
    CHECK(!finished && stop && ran < 1000000);
}

TEST(parallel_watched_stops_at_the_last_word) {
    std::atomic<bool> stop{false};
    const auto never = [](std::size_t) { return false; };
    CHECK(!parallel_for_watched(1, 1, [](std::size_t) {}, never, stop));
}

TEST(parallel_watched_rethrows_from_tasks_and_from_the_watch) {
    std::atomic<bool> stop{false};
    const auto fail = [](std::size_t) { throw std::runtime_error("a task"); };
    CHECK(thrown_by([&] { parallel_for_watched(10, 2, fail, {}, stop); }) == "a task");
    CHECK(stop);

    std::atomic<bool> stop_watch{false};
    const auto slow = [&](std::size_t) {
        while (!stop_watch) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    };
    const Watch failing = [](std::size_t) -> bool { throw std::runtime_error("the watch"); };
    CHECK(thrown_by([&] { parallel_for_watched(2, 2, slow, failing, stop_watch); }) == "the watch");
}

TEST(parallel_watched_does_without_a_watch) {
    std::atomic<bool> stop{false};
    CHECK(parallel_for_watched(10, 2, [](std::size_t) {}, {}, stop));
}
