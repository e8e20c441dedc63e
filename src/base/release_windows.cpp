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
    // Of a map of a file it is refused, and the system writes these pages out when it needs the room.
    (void)::DiscardVirtualMemory(bytes.data() + (first - begin), end - first);
}

}  // namespace nearfile::base
