// What this machine's memory allows, measured with loops that do nothing but read.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>

#include "kernels/kernels.hpp"

namespace nearfile::bench {

inline constexpr std::size_t line = 64;  // bytes of a cache line

// Bytes to read: as many as asked for, and `kernels::code_overread` more, in pages as small as those of a mapped file.
// Taken as float, half or integers they are ordinary small numbers.
class Memory {
public:
    explicit Memory(std::size_t bytes);
    ~Memory();
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    const char* data() const { return data_; }
    std::size_t size() const { return size_; }

private:
    char* data_;
    std::size_t size_;
};

// Rows of a memory: `reach` bytes of each are read, in the order of `ids`, or one after the other where that is empty.
struct Rows {
    const char* data;
    std::size_t stride;
    std::size_t reach;
    std::size_t count;  // to read
    std::span<const kernels::ItemId> ids;

    double lines_a_row() const;  // that are touched, on average
};

// Have every line of the rows come, and nothing else; `ahead` rows fetched ahead where there are ids.
void read_rows(const Rows& rows, std::size_t ahead);

// Nanoseconds until a line is there when nothing is known of it before the line before has come.
double dependent_latency(const Memory& memory);

// The seconds of `work()`. Twice as many turns before each look at the clock, which costs as much as a turn may.
template <class Work>
double seconds_of(Work&& work, double at_least) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    double passed = 0;
    std::size_t turns = 0;
    for (std::size_t until = 1; passed < at_least; until *= 2) {
        for (; turns < until; ++turns) work();
        passed = std::chrono::duration<double>(Clock::now() - start).count();
    }
    return passed / static_cast<double>(turns);
}

}  // namespace nearfile::bench
