#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "file/advice.hpp"
#include "file/pages.hpp"

namespace nearfile::file {
namespace {

int flag_of(Expected what) noexcept {
    switch (what) {
        case Expected::random:
            return MADV_RANDOM;
        case Expected::soon:
            return MADV_WILLNEED;
        case Expected::usual:
            break;
    }
    return MADV_NORMAL;
}

}  // namespace

std::size_t page_bytes() noexcept {
    static const auto bytes = static_cast<std::size_t>(std::max(::sysconf(_SC_PAGESIZE), 4096L));
    return bytes;
}

void tell(const Pages& pages, Expected what) noexcept {
    (void)::madvise(pages.first, pages.bytes, flag_of(what));
}

#if defined(__linux__)
int read_now(const Pages& pages) noexcept {
    // Linux 5.14. By number, because the C libraries that wheels are built against are older.
    constexpr int madv_populate_read = 22;
    while (::madvise(pages.first, pages.bytes, madv_populate_read) != 0) {
        if (errno == EINTR) continue;
        return errno == EFAULT ? EIO : ENOTSUP;  // an older kernel says EINVAL
    }
    return 0;
}
#else
int read_now(const Pages&) noexcept {
    return ENOTSUP;
}
#endif

void keep_in_memory(const Pages& pages) noexcept {
    (void)::mlock(pages.first, pages.bytes);
}

}  // namespace nearfile::file
