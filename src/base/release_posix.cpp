#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

#include "base/release.hpp"

namespace nearfile::base {

void release_pages(std::span<std::byte> bytes) noexcept {
    static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
    const std::uintptr_t first = (begin + page - 1) / page * page;
    const std::uintptr_t end = (begin + bytes.size()) / page * page;
    if (first >= end) return;
    // Where the system does not do it, there is only more memory in use.
    (void)::madvise(bytes.data() + (first - begin), end - first, MADV_DONTNEED);
}

}  // namespace nearfile::base
