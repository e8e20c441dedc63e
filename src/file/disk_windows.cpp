#include <cerrno>

#include "file/calls_windows.hpp"
#include "file/disk.hpp"

namespace nearfile::file {

std::optional<std::uint64_t> free_bytes_of(const std::string& folder) {
    ULARGE_INTEGER free{};
    if (::GetDiskFreeSpaceExW(wide_path(folder).c_str(), &free, nullptr, nullptr) == 0) return std::nullopt;
    return free.QuadPart;
}

// NTFS keeps a journal of names, and a file is renamed through to the disk.
int sync_folder(const std::string&) {
    return 0;
}

bool is_about_room(int code) noexcept {
    return code == ENOSPC;  // a quota too
}

}  // namespace nearfile::file
