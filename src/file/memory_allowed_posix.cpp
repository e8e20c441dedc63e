#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>

#include "file/memory_allowed.hpp"

namespace nearfile::file {

std::uint64_t memory_allowed() {
    const long pages = ::sysconf(_SC_PHYS_PAGES);
    const long bytes = ::sysconf(_SC_PAGESIZE);
    std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
    if (pages > 0 && bytes > 0) least = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(bytes);
    std::ifstream file("/proc/self/cgroup");  // of Linux; without it there are no groups
    const std::string groups{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    return std::min(least, limit_of_groups(groups, "/sys/fs/cgroup"));
}

}  // namespace nearfile::file
