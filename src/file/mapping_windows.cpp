#include <cerrno>
#include <cstdint>
#include <limits>

#include "file/calls_windows.hpp"
#include "file/mapping.hpp"
#include "file/os_error.hpp"

namespace nearfile::file {
namespace {

using base::Result;

std::string advice_for(int code) {
    switch (code) {
        case ENOENT:
        case ENOTDIR:
        case EINVAL:
            return "check the path; a relative one starts at the current folder";
        case EACCES:
        case EPERM:
            return "ask for permission to read the file and to enter its folders";
        case EBUSY:
            return "another program has the file for itself; close it there";
        case EMFILE:
            return "close other files";
        case ENOMEM:
            return "free memory, or address space";
        default:
            return "check the disk and the file";
    }
}

bool is_folder(const std::wstring& path) {
    const DWORD attributes = ::GetFileAttributesW(path.c_str());
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

}  // namespace

Result<std::shared_ptr<const Mapping>> Mapping::open(const std::string& path) {
    if (has_zero_byte(path)) return zero_byte_error();
    const std::wstring name = wide_path(path);
    const Handle file(
        ::CreateFileW(name.c_str(), GENERIC_READ, share_all, nullptr, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr));
    if (!file.is_open()) {
        const int code = last_errno();
        if (!is_folder(name)) return os_error("cannot open the file " + quoted(path), code, advice_for(code));
        return os_error("expected a file, " + quoted(path) + " is a folder", EISDIR, "give the path of a file in it");
    }
    if (::GetFileType(file.get()) != FILE_TYPE_DISK) {
        return os_error("expected a regular file, " + quoted(path) + " is a device, pipe or socket", ENODEV,
                        "only a regular file can be mapped; read the bytes and open them as a buffer");
    }
    LARGE_INTEGER size{};
    if (::GetFileSizeEx(file.get(), &size) == 0) {
        const int code = last_errno();
        return os_error("cannot ask for the size of " + quoted(path), code, advice_for(code));
    }
    if (static_cast<std::uint64_t>(size.QuadPart) > std::numeric_limits<std::size_t>::max() / 2) {
        return os_error("cannot map " + quoted(path), EFBIG, "use a 64-bit build");
    }
    return of(number_of(file.get()), static_cast<std::size_t>(size.QuadPart), quoted(path));
}

// The view keeps the file: neither it nor the mapping need stay open.
Result<std::shared_ptr<const Mapping>> Mapping::of(FileNumber number, std::size_t size, const std::string& name) {
    const void* data = nullptr;
    if (size > 0) {
        const Handle section(::CreateFileMappingW(handle_of(number), nullptr, PAGE_READONLY, 0, 0, nullptr));
        if (section.is_open()) data = ::MapViewOfFile(section.get(), FILE_MAP_READ, 0, 0, size);
        if (data == nullptr) {
            const int code = last_errno();
            return os_error("cannot map the " + std::to_string(size) + " bytes of " + name, code, advice_for(code));
        }
    }
    return std::shared_ptr<const Mapping>(new Mapping(static_cast<const std::byte*>(data), size));
}

Mapping::~Mapping() {
    if (size_ > 0) ::UnmapViewOfFile(data_);
}

}  // namespace nearfile::file
