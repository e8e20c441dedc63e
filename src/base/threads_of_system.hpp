// What thread_pool.cpp, the only caller, asks of the operating system beside the standard library. One file a system.
#pragma once

#include <functional>
#include <thread>

namespace nearfile::base {

// A thread that hears none of the signals of the program: these are for the program's own threads, which may block some
// to wait for them. What a thread does to itself (a map of a file that was cut short) still arrives. Throws as
// std::thread does.
std::thread start_thread(const std::function<void()>& run);

// Has `before` called before each fork() of the process, and `in_child` in the child. 0, or why it will not be.
int watch_forks(void (*before)(), void (*in_child)()) noexcept;

}  // namespace nearfile::base
