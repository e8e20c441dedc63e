#include "file/work_folder.hpp"

#include <cerrno>
#include <system_error>

#include "file/disk.hpp"
#include "file/native_path.hpp"
#include "file/os_error.hpp"
#include "file/target.hpp"

namespace nearfile::file {
namespace {

using base::Error;
using base::Result;

constexpr std::size_t longest_name = 200;  // of a file, so that the folder's stays below the usual limit of 255

Error no_room(const std::string& path, std::uint64_t needed, std::uint64_t free, const std::string& what) {
    return os_error(what + " needs " + std::to_string(needed) + " bytes of disk, and " + std::to_string(free) +
                        " are free in " + quoted(path),
                    ENOSPC, "free some space, or choose a path on another disk");
}

}  // namespace

Result<WorkFolder> WorkFolder::open(const std::string& path) {
    const auto found = find_target(path);
    if (!found) return found.error();
    const Target& target = found.value();
    const std::string shown = target.name.size() > longest_name ? target.name.substr(0, longest_name) : target.name;
    const std::string folder = target.folder + "/." + shown + ".build";
    for (;;) {
        if (const int code = FolderOfOne::make(folder); code != 0) return folder_error(path, target, code);
        FolderOfOne own;
        const int code = own.open(folder);
        if (code == 0) return WorkFolder(std::move(own));
        if (code == ENOENT) continue;  // just removed
        if (code == EWOULDBLOCK) {
            return os_error("another build of " + quoted(path) + " is under way, in " + quoted(folder), code,
                            "wait until it is finished, or choose another path");
        }
        return os_error("cannot open the folder " + quoted(folder), code, "remove it or choose another path");
    }
}

Result<base::AlignedBuffer> WorkFolder::buffer(std::size_t bytes) const {
    base::AlignedBuffer made;
    const int code = folder_.make_buffer(bytes, made);
    if (code == 0) return made;
    if (is_about_room(code)) return no_room(path(), bytes, free_bytes(), "this step of the build");
    return os_error("cannot map " + std::to_string(bytes) + " bytes of a file in " + quoted(path()), code,
                    "check the disk");
}

std::uint64_t WorkFolder::free_bytes() const {
    return free_bytes_of(path()).value_or(0);
}

Result<void> WorkFolder::check_free(std::uint64_t needed, const std::string& what) const {
    std::uint64_t free = free_bytes();
    std::error_code ignored;
    for (const auto& each : std::filesystem::directory_iterator(native_path(path()), ignored)) {
        const std::uint64_t bytes = each.file_size(ignored);
        if (!ignored) free += bytes;
    }
    if (needed > free) return no_room(path(), needed, free, what);
    return {};
}

std::vector<std::string> WorkFolder::names() const {
    std::vector<std::string> found;
    std::error_code ignored;
    for (const auto& each : std::filesystem::directory_iterator(native_path(path()), ignored)) {
        const std::u8string name = each.path().filename().u8string();
        found.emplace_back(name.begin(), name.end());
    }
    return found;
}

void WorkFolder::remove(const std::string& name) const {
    std::error_code ignored;
    std::filesystem::remove_all(native_path(path_of(name)), ignored);
}

void WorkFolder::remove() {
    for (const std::string& name : names()) remove(name);
    folder_.close();
}

}  // namespace nearfile::file
