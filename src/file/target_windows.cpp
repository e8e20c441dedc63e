#include <cerrno>

#include "file/calls_windows.hpp"
#include "file/os_error.hpp"
#include "file/target.hpp"
#include "file/target_refusals.hpp"

namespace nearfile::file {
namespace {

using base::Error;
using base::Result;

constexpr std::size_t longest_name = 255;  // UTF-16 units

bool ends_in_separator(const std::string& path) {
    return path.empty() || path.back() == '/' || path.back() == '\\';
}

// Of a path that is not there, or of what is there by that name without following links.
Result<std::wstring> unresolved(const std::string& path) {
    const std::wstring whole = wide_path(path);
    if (whole.starts_with(L"\\\\.\\")) return is_no_regular_file(path);  // NUL, COM1
    const std::wstring name = whole.substr(whole.find_last_of(L"\\/") + 1);
    if (name.size() > longest_name) return is_too_long(path);
    if (name.empty() || name.find_first_of(L"<>:\"|?*") != std::wstring::npos) {
        return os_error("cannot write " + quoted(path), EINVAL,
                        "choose a name without any of < > : \" | ? *; nothing was changed");
    }
    return whole;
}

// Links followed to their end. A link that leads to nothing can be told apart by what it is itself.
Result<std::wstring> resolved(const std::string& path, const std::wstring& whole) {
    const Handle file(::CreateFileW(whole.c_str(), FILE_READ_ATTRIBUTES, share_all, nullptr, OPEN_EXISTING,
                                    FILE_FLAG_BACKUP_SEMANTICS, nullptr));
    if (!file.is_open()) {
        const int code = last_errno();
        if (code == ELOOP) return is_circle(path);
        return os_error("cannot follow the link " + quoted(path), code, "choose another path");
    }
    const DWORD room = ::GetFinalPathNameByHandleW(file.get(), nullptr, 0, FILE_NAME_NORMALIZED);
    std::wstring final_path(room, L'\0');
    const DWORD length = ::GetFinalPathNameByHandleW(file.get(), final_path.data(), room, FILE_NAME_NORMALIZED);
    if (length == 0 || length >= room) return whole;  // some network file systems have no such names
    final_path.resize(length);
    return final_path;
}

}  // namespace

Result<Target> find_target(const std::string& path) {
    if (has_zero_byte(path)) return zero_byte_error();
    if (ends_in_separator(path)) return is_folder(path);
    auto whole = unresolved(path);
    if (!whole) return whole.error();
    Target target;
    const DWORD attributes = ::GetFileAttributesW(whole.value().c_str());
    target.exists = attributes != INVALID_FILE_ATTRIBUTES;
    if (target.exists && (attributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0) {
        whole = resolved(path, whole.value());
        if (!whole) return whole.error();
    }
    if (target.exists && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) return is_folder(path);
    target.path = narrow_path(whole.value());
    const std::size_t separator = target.path.find_last_of('\\');
    target.folder = target.path.substr(0, separator);
    if (target.folder.ends_with(':')) target.folder += '\\';  // without it, it would be the current folder of the drive
    target.name = target.path.substr(separator + 1);
    return target;
}

// Who may create files there only trying tells: a list of rights is not to be read off.
int why_none_in(const std::string& folder) {
    const std::wstring whole = wide_path(folder);
    const DWORD attributes = ::GetFileAttributesW(whole.c_str());
    if (attributes == INVALID_FILE_ATTRIBUTES) return last_errno();
    if ((attributes & FILE_ATTRIBUTE_DIRECTORY) == 0) return ENOTDIR;
    const Handle asked(::CreateFileW(whole.c_str(), FILE_ADD_FILE, share_all, nullptr, OPEN_EXISTING,
                                     FILE_FLAG_BACKUP_SEMANTICS, nullptr));
    return asked.is_open() ? 0 : last_errno();
}

}  // namespace nearfile::file
