// The threads of the process that wait for work; parallel.cpp is the only caller. Starting one costs more than many a
// search.
//
// They are started when first needed and kept. Nothing ever waits for one to come free: a caller gets those that are
// idle or can be started, and has to do without the others, so that calls may be nested and come from any thread. They
// are not joined at the end of the program, where they wait, or go on with what they have, until the process is gone.
// Before a fork() the idle ones end, because what forks should have as few threads as it can (Python warns of them),
// and the child starts its own.
#pragma once

#include <cstddef>

namespace nearfile::base {

// What threads are lent to. Lives until each of them has called done() or was taken back.
class Job {
public:
    // Once on each thread.
    virtual void run() noexcept = 0;
    // On the same thread after it, when the thread is ready to be lent again; the last that it does with the job.
    virtual void done() noexcept = 0;

protected:
    ~Job() = default;
};

// The most threads that there will be, and that are of use to one call.
inline constexpr std::size_t max_threads = 1024;

// Returns how many of `wanted` threads the job got; where the system gives no more threads or memory, fewer or none.
std::size_t lend_threads(Job& job, std::size_t wanted) noexcept;

// Takes back the threads that have not called run() yet, and returns how many these were.
std::size_t take_back_threads(const Job& job) noexcept;

}  // namespace nearfile::base
