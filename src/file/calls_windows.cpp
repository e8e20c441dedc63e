#include "file/calls_windows.hpp"

#include <array>
#include <cerrno>
#include <limits>

namespace nearfile::file {
namespace {

constexpr std::size_t longest_usual = 247;  // of a folder, in which a name of 8.3 still fits
constexpr std::wstring_view extended = L"\\\\?\\";
constexpr std::wstring_view extended_share = L"\\\\?\\UNC\\";

struct Meaning {
    DWORD error;
    int code;
};

constexpr std::array meanings = {
    Meaning{ERROR_FILE_NOT_FOUND, ENOENT},
    Meaning{ERROR_PATH_NOT_FOUND, ENOENT},
    Meaning{ERROR_INVALID_DRIVE, ENOENT},
    Meaning{ERROR_BAD_NETPATH, ENOENT},
    Meaning{ERROR_BAD_NET_NAME, ENOENT},
    Meaning{ERROR_BAD_PATHNAME, ENOENT},
    Meaning{ERROR_INVALID_NAME, EINVAL},
    Meaning{ERROR_INVALID_PARAMETER, EINVAL},
    Meaning{ERROR_NO_UNICODE_TRANSLATION, EINVAL},
    Meaning{ERROR_DIRECTORY, ENOTDIR},
    Meaning{ERROR_ACCESS_DENIED, EACCES},
    Meaning{ERROR_PRIVILEGE_NOT_HELD, EPERM},
    Meaning{ERROR_WRITE_PROTECT, EROFS},
    Meaning{ERROR_SHARING_VIOLATION, EBUSY},
    Meaning{ERROR_LOCK_VIOLATION, EBUSY},
    Meaning{ERROR_USER_MAPPED_FILE, EBUSY},
    Meaning{ERROR_DELETE_PENDING, EBUSY},
    Meaning{ERROR_BUSY, EBUSY},
    Meaning{ERROR_FILE_EXISTS, EEXIST},
    Meaning{ERROR_ALREADY_EXISTS, EEXIST},
    Meaning{ERROR_DIR_NOT_EMPTY, ENOTEMPTY},
    Meaning{ERROR_TOO_MANY_OPEN_FILES, EMFILE},
    Meaning{ERROR_NOT_ENOUGH_MEMORY, ENOMEM},
    Meaning{ERROR_OUTOFMEMORY, ENOMEM},
    Meaning{ERROR_COMMITMENT_LIMIT, ENOMEM},
    Meaning{ERROR_NO_SYSTEM_RESOURCES, ENOMEM},
    Meaning{ERROR_WORKING_SET_QUOTA, ENOMEM},
    Meaning{ERROR_DISK_FULL, ENOSPC},
    Meaning{ERROR_HANDLE_DISK_FULL, ENOSPC},
    Meaning{disk_quota_exceeded, ENOSPC},
    Meaning{ERROR_FILE_TOO_LARGE, EFBIG},
    Meaning{ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG},
    Meaning{ERROR_BUFFER_OVERFLOW, ENAMETOOLONG},
    Meaning{ERROR_CANT_RESOLVE_FILENAME, ELOOP},
    Meaning{ERROR_NOT_SUPPORTED, ENOTSUP},
    Meaning{ERROR_INVALID_FUNCTION, ENOTSUP},
    Meaning{ERROR_CALL_NOT_IMPLEMENTED, ENOTSUP},
};

std::wstring wide(std::string_view text) {
    if (text.empty() || text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return {};
    const auto size = static_cast<int>(text.size());
    const int length = ::MultiByteToWideChar(CP_UTF8, 0, text.data(), size, nullptr, 0);
    std::wstring to(static_cast<std::size_t>(length), L'\0');
    ::MultiByteToWideChar(CP_UTF8, 0, text.data(), size, to.data(), length);
    return to;
}

}  // namespace

std::wstring wide_path(const std::string& path) {
    const std::wstring given = wide(path);
    if (given.empty() || given.starts_with(extended)) return given;
    const DWORD room = ::GetFullPathNameW(given.c_str(), 0, nullptr, nullptr);
    std::wstring whole(room, L'\0');
    const DWORD length = ::GetFullPathNameW(given.c_str(), room, whole.data(), nullptr);
    if (length == 0 || length >= room) return given;
    whole.resize(length);
    if (length <= longest_usual || whole.starts_with(L"\\\\.\\")) return whole;
    if (whole.starts_with(L"\\\\")) return std::wstring(extended_share) + whole.substr(2);
    return std::wstring(extended) + whole;
}

std::string narrow_path(std::wstring_view path) {
    if (path.starts_with(extended_share)) return "\\\\" + narrow_path(path.substr(extended_share.size()));
    if (path.starts_with(extended)) path.remove_prefix(extended.size());
    if (path.empty()) return {};
    const auto size = static_cast<int>(path.size());
    const int length = ::WideCharToMultiByte(CP_UTF8, 0, path.data(), size, nullptr, 0, nullptr, nullptr);
    std::string to(static_cast<std::size_t>(length), '\0');
    ::WideCharToMultiByte(CP_UTF8, 0, path.data(), size, to.data(), length, nullptr, nullptr);
    return to;
}

int errno_of(DWORD error) noexcept {
    for (const Meaning& each : meanings) {
        if (each.error == error) return each.code;
    }
    return EIO;
}

}  // namespace nearfile::file
