// Hints about pages of a map, as the operating system takes them; advice.cpp is the only caller. One file a system.
#pragma once

#include <cstddef>

namespace nearfile::file {

// Whole pages, none where there are no bytes.
struct Pages {
    void* first;
    std::size_t bytes;
};

enum class Expected { usual, random, soon };

void tell(const Pages& pages, Expected what) noexcept;

// Reads them now. errno, or 0: EIO where they cannot be read, ENOTSUP where the system has no such call.
int read_now(const Pages& pages) noexcept;

// Keeps them in memory, as far as the process may.
void keep_in_memory(const Pages& pages) noexcept;

}  // namespace nearfile::file
