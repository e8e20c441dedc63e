// What the files *_windows.cpp share: paths as Windows takes them, its errors as errno, and handles that close
// themselves.
#pragma once

#include <windows.h>

#include <string>
#include <string_view>
#include <utility>

#include "file/file_number.hpp"

namespace nearfile::file {

// Others may read, write, rename and remove what we have open, as on other systems.
inline constexpr DWORD share_all = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

// By number, because the headers of MinGW have them for no version of Windows.
inline constexpr auto rename_info_ex = static_cast<FILE_INFO_BY_HANDLE_CLASS>(22);  // FileRenameInfoEx
inline constexpr DWORD disk_quota_exceeded = 1295;                                  // ERROR_DISK_QUOTA_EXCEEDED

// UTF-8 to UTF-16, absolute, with what lifts the limit of 260 characters where it is that long. What is not UTF-8 stays
// a path that no file has.
std::wstring wide_path(const std::string& path);

// UTF-16 to UTF-8, without what lifts the limit.
std::string narrow_path(std::wstring_view path);

// The errno that is nearest to an error of Windows; EIO where none is near.
int errno_of(DWORD error) noexcept;

inline int last_errno() noexcept {
    return errno_of(::GetLastError());
}

inline HANDLE handle_of(FileNumber number) noexcept {
    return reinterpret_cast<HANDLE>(number);  // NOLINT(performance-no-int-to-ptr)
}

inline FileNumber number_of(HANDLE handle) noexcept {
    return reinterpret_cast<FileNumber>(handle);  // INVALID_HANDLE_VALUE is -1
}

class Handle {
public:
    explicit Handle(HANDLE handle) noexcept : handle_(handle == nullptr ? INVALID_HANDLE_VALUE : handle) {}
    ~Handle() {
        if (is_open()) ::CloseHandle(handle_);
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    bool is_open() const noexcept { return handle_ != INVALID_HANDLE_VALUE; }
    HANDLE get() const noexcept { return handle_; }
    HANDLE release() noexcept { return std::exchange(handle_, INVALID_HANDLE_VALUE); }

private:
    HANDLE handle_;
};

}  // namespace nearfile::file
