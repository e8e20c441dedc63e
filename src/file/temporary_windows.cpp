#include <windows.h>

#include "file/temporary.hpp"
// After it.
#include <aclapi.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "file/calls_windows.hpp"
#include "file/target_refusals.hpp"

namespace nearfile::file {
namespace {

constexpr std::size_t largest_write = std::size_t{1} << 30;  // WriteFile() counts in 32 bits

// Who may do what with a file, to give it to another. None where the file system knows no such thing.
class Permissions {
public:
    int read_from(const std::wstring& path) {
        std::wstring changeable = path;
        const DWORD error = ::GetNamedSecurityInfoW(changeable.data(), SE_FILE_OBJECT, DACL_SECURITY_INFORMATION,
                                                    nullptr, nullptr, nullptr, nullptr, &descriptor_);
        const int code = error == ERROR_SUCCESS ? 0 : errno_of(error);
        return code == ENOTSUP ? 0 : code;
    }
    Permissions() = default;
    ~Permissions() { ::LocalFree(descriptor_); }
    Permissions(const Permissions&) = delete;
    Permissions& operator=(const Permissions&) = delete;

    SECURITY_ATTRIBUTES* attributes() {
        attributes_ = {sizeof attributes_, descriptor_, FALSE};
        return descriptor_ == nullptr ? nullptr : &attributes_;
    }

private:
    PSECURITY_DESCRIPTOR descriptor_ = nullptr;
    SECURITY_ATTRIBUTES attributes_{};
};

// Over a file that others have open or mapped, who keep the old one: NTFS since Windows 10 1709.
bool rename_over(HANDLE file, const std::wstring& target) {
    const std::size_t bytes = target.size() * sizeof(wchar_t);
    std::vector<std::uint64_t> room((sizeof(FILE_RENAME_INFO) + bytes) / sizeof(std::uint64_t) + 1);
    auto* const rename = reinterpret_cast<FILE_RENAME_INFO*>(room.data());
    rename->Flags = FILE_RENAME_FLAG_REPLACE_IF_EXISTS | FILE_RENAME_FLAG_POSIX_SEMANTICS;
    rename->FileNameLength = static_cast<DWORD>(bytes);
    std::memcpy(rename->FileName, target.data(), bytes);
    const auto size = static_cast<DWORD>(room.size() * sizeof(std::uint64_t));
    return ::SetFileInformationByHandle(file, rename_info_ex, rename, size) != 0;
}

// A file system that does not know the call, in place of a target that may not be replaced.
bool is_about_the_call(DWORD error) {
    return error == ERROR_INVALID_PARAMETER || error == ERROR_NOT_SUPPORTED || error == ERROR_INVALID_FUNCTION ||
           error == ERROR_CALL_NOT_IMPLEMENTED || error == ERROR_INVALID_LEVEL;
}

}  // namespace

// There are no files without a name, and one that is to be removed when its process ends can be taken by nobody.
int Temporary::create(Named) {
    Permissions permissions;
    if (target_.exists) {
        if (const int code = permissions.read_from(wide_path(target_.path)); code != 0) return code;
    }
    for (;;) {
        std::string path = next_path();
        number_ = number_of(::CreateFileW(wide_path(path).c_str(), GENERIC_READ | GENERIC_WRITE | DELETE, share_all,
                                          permissions.attributes(), CREATE_NEW, FILE_ATTRIBUTE_NORMAL, nullptr));
        if (number_ != no_file) {
            path_ = std::move(path);
            return 0;
        }
        // EEXIST: left by a process that was killed.
        const int code = last_errno();
        if (code == ENOENT && why_none_in(target_.folder) != 0) return why_none_in(target_.folder);
        if (code != EEXIST) return code;
    }
}

int Temporary::resize(std::uint64_t bytes) {
    FILE_END_OF_FILE_INFO end{};
    end.EndOfFile.QuadPart = static_cast<LONGLONG>(bytes);
    const BOOL done = ::SetFileInformationByHandle(handle_of(number_), FileEndOfFileInfo, &end, sizeof end);
    return done != 0 ? 0 : last_errno();
}

// With the place in the call, so that any number of threads may write at once.
int Temporary::write(std::uint64_t at, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        OVERLAPPED place{};
        place.Offset = static_cast<DWORD>(at);
        place.OffsetHigh = static_cast<DWORD>(at >> 32);
        DWORD written = 0;
        const auto most = static_cast<DWORD>(std::min(bytes.size(), largest_write));
        if (::WriteFile(handle_of(number_), bytes.data(), most, &written, &place) == 0) return last_errno();
        if (written == 0) return EIO;
        at += written;
        bytes = bytes.subspan(written);
    }
    return 0;
}

std::uint64_t Temporary::bytes_on_disk() const {
    FILE_STANDARD_INFO info{};
    const BOOL known = ::GetFileInformationByHandleEx(handle_of(number_), FileStandardInfo, &info, sizeof info);
    return known != 0 ? static_cast<std::uint64_t>(info.AllocationSize.QuadPart) : 0;
}

int Temporary::complete() {
    return ::FlushFileBuffers(handle_of(number_)) != 0 ? 0 : last_errno();
}

int Temporary::close() {
    return ::CloseHandle(handle_of(std::exchange(number_, no_file))) != 0 ? 0 : last_errno();
}

int Temporary::replace_target() {
    const std::wstring from = wide_path(path_);
    const std::wstring to = wide_path(target_.path);
    DWORD error = ERROR_SUCCESS;
    {
        const Handle file(::CreateFileW(from.c_str(), DELETE | SYNCHRONIZE, share_all, nullptr, OPEN_EXISTING,
                                        FILE_FLAG_WRITE_THROUGH, nullptr));
        if (!file.is_open()) return last_errno();
        if (!rename_over(file.get(), to)) error = ::GetLastError();
    }
    if (is_about_the_call(error)) {
        const bool done = ::MoveFileExW(from.c_str(), to.c_str(), MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH);
        error = done ? ERROR_SUCCESS : ::GetLastError();
    }
    // Its folder takes files, as this one is there: so it is the old file that somebody has, or that is protected.
    if (error == ERROR_ACCESS_DENIED) return EBUSY;
    if (error != ERROR_SUCCESS) return errno_of(error);
    path_.clear();
    return 0;
}

void Temporary::discard() {
    if (number_ != no_file) ::CloseHandle(handle_of(std::exchange(number_, no_file)));
    if (!path_.empty()) ::DeleteFileW(wide_path(path_).c_str());
    path_.clear();
}

}  // namespace nearfile::file
