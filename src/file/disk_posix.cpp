#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "file/disk.hpp"

namespace nearfile::file {

std::optional<std::uint64_t> free_bytes_of(const std::string& folder) {
    struct statvfs disk{};
    if (::statvfs(folder.c_str(), &disk) != 0) return std::nullopt;
    return std::uint64_t{disk.f_bavail} * disk.f_frsize;
}

// A folder that may not be read, and a file system that cannot sync folders, are no reason to fail: the bytes of the
// file are safe.
int sync_folder(const std::string& folder) {
    const int number = ::open(folder.c_str(), O_RDONLY | O_CLOEXEC);
    if (number < 0) return 0;
    int code = 0;
    while (::fsync(number) != 0) {
        if (errno == EINTR) continue;
        code = errno == EINVAL || errno == ENOSYS || errno == ENOTSUP || errno == EBADF || errno == EROFS ? 0 : errno;
        break;
    }
    ::close(number);
    return code;
}

bool is_about_room(int code) noexcept {
    return code == ENOSPC || code == EDQUOT;
}

}  // namespace nearfile::file
