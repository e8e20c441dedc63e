#include <windows.h>

#include <cerrno>

#include "file/advice.hpp"
#include "file/pages.hpp"

namespace nearfile::file {

std::size_t page_bytes() noexcept {
    static const std::size_t bytes = [] {
        SYSTEM_INFO system{};
        ::GetSystemInfo(&system);
        return std::size_t{system.dwPageSize};
    }();
    return bytes;
}

// How many pages a miss reads is not to be told here: Windows decides it by what it sees.
void tell(const Pages& pages, Expected what) noexcept {
    if (what != Expected::soon) return;
    WIN32_MEMORY_RANGE_ENTRY range{pages.first, pages.bytes};
    (void)::PrefetchVirtualMemory(::GetCurrentProcess(), 1, &range, 0);
}

int read_now(const Pages&) noexcept {
    return ENOTSUP;
}

// A process may lock as much as the least that its working set has room for, less some pages of its own: so there is
// made room for these too.
void keep_in_memory(const Pages& pages) noexcept {
    SIZE_T least = 0;
    SIZE_T most = 0;
    const HANDLE process = ::GetCurrentProcess();
    if (::GetProcessWorkingSetSize(process, &least, &most) == 0) return;
    if (::SetProcessWorkingSetSize(process, least + pages.bytes, most + pages.bytes) == 0) return;
    if (::VirtualLock(pages.first, pages.bytes) == 0) (void)::SetProcessWorkingSetSize(process, least, most);
}

}  // namespace nearfile::file
