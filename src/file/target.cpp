#include "file/target.hpp"

#include <cerrno>

#include "file/os_error.hpp"
#include "file/target_refusals.hpp"

namespace nearfile::file {

using base::Error;
using base::Result;

Error is_folder(const std::string& path) {
    return os_error("expected the path of a file to write, " + quoted(path) + " is a folder", EISDIR,
                    "add a file name to it");
}

Error is_circle(const std::string& path) {
    return os_error("expected a link that leads to a file, " + quoted(path) + " leads round in a circle", ELOOP,
                    "remove the link or choose another path");
}

Error is_too_long(const std::string& path) {
    return os_error("cannot write " + quoted(path), ENAMETOOLONG, "choose a shorter name; nothing was changed");
}

Error is_no_regular_file(const std::string& path) {
    return os_error("expected a regular file to replace, " + quoted(path) + " is a device, pipe or socket", EINVAL,
                    "choose another path");
}

Result<void> check_target(const std::string& path) {
    const auto found = find_target(path);
    if (!found) return found.error();
    const int code = why_none_in(found.value().folder);
    if (code != 0) return folder_error(path, found.value(), code);
    return {};
}

Error folder_error(const std::string& path, const Target& target, int code) {
    const std::string what = "cannot write " + quoted(path);
    const std::string folder = "the folder " + quoted(target.folder);
    switch (code) {
        case ENOENT:
            return os_error(what + ", " + folder + " does not exist", code, "create it first");
        case ENOTDIR:
            return os_error(what + ", " + quoted(target.folder) + " is not a folder", code, "choose another path");
        case EACCES:
        case EPERM:
        case EROFS:
            return os_error(what + ", " + folder + " does not let you create files", code,
                            "choose another folder, or ask for permission to write to this one");
        default:
            return os_error(what + ", a temporary file cannot be created in " + folder, code, "choose another folder");
    }
}

}  // namespace nearfile::file
