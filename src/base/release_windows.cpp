#include <windows.h>

#include <cstdint>

#include "base/release.hpp"

namespace nearfile::base {

void release_pages(std::span<std::byte> bytes) noexcept {
    static const auto page = [] {
        SYSTEM_INFO system{};
        ::GetSystemInfo(&system);
        return static_cast<std::uintptr_t>(system.dwPageSize);
    }();
    const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
    const std::uintptr_t first = (begin + page - 1) / page * page;
    const std::uintptr_t end = (begin + bytes.size()) / page * page;
    if (first >= end) return;
    // Nobody needs what is in them, so they need not be written out; and to unlock what is not locked takes it out of
    // the memory that the process has. Where the system does not do it, there is only more memory in use.
    void* const pages = bytes.data() + (first - begin);
    if (::VirtualAlloc(pages, end - first, MEM_RESET, PAGE_READWRITE) != nullptr) {
        (void)::VirtualUnlock(pages, end - first);
    }
}

}  // namespace nearfile::base
