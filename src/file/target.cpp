#include "file/target.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

#include "file/os_error.hpp"

namespace nearfile::file {
namespace {

using base::Error;
using base::Result;

constexpr int most_links = 40;  // as many as Linux follows

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

Error is_folder(const std::string& path) {
    return os_error("expected the path of a file to write, " + quoted(path) + " is a folder", EISDIR,
                    "add a file name to it");
}

Error is_circle(const std::string& path) {
    return os_error("expected a link that leads to a file, " + quoted(path) + " leads round in a circle", ELOOP,
                    "remove the link or choose another path");
}

// realpath() gives up where nothing is there yet.
Result<std::string> without_links(const std::string& path) {
    std::string at = path;
    for (int n_followed = 0; n_followed <= most_links; ++n_followed) {
        struct stat status{};
        if (::lstat(at.c_str(), &status) != 0 || !S_ISLNK(status.st_mode)) return at;
        std::array<char, PATH_MAX> text;
        const ssize_t length = ::readlink(at.c_str(), text.data(), text.size());
        if (length < 0) return os_error("cannot follow the link " + quoted(at), errno, "choose another path");
        std::string leads_to = text[0] == '/' ? "" : folder_of(at).append("/");
        at = leads_to.append(text.data(), static_cast<std::size_t>(length));
    }
    return is_circle(path);
}

}  // namespace

Result<Target> find_target(const std::string& path) {
    if (has_zero_byte(path)) return zero_byte_error();
    if (path.empty() || path.back() == '/') return is_folder(path);
    struct stat status{};
    Target target;
    target.exists = ::stat(path.c_str(), &status) == 0;
    if (!target.exists && errno == ELOOP) return is_circle(path);
    if (!target.exists && errno == ENAMETOOLONG) {
        return os_error("cannot write " + quoted(path), ENAMETOOLONG, "choose a shorter name; nothing was changed");
    }
    if (target.exists && S_ISDIR(status.st_mode)) return is_folder(path);
    // Renaming over /dev/null would replace it for the whole machine.
    if (target.exists && !S_ISREG(status.st_mode)) {
        return os_error("expected a regular file to replace, " + quoted(path) + " is a device, pipe or socket", EINVAL,
                        "choose another path");
    }
    const auto followed = without_links(path);
    if (!followed) return followed.error();
    target.path = followed.value();
    if (target.path.back() == '/') return is_folder(path);
    target.permissions = static_cast<mode_t>(status.st_mode & 0777);
    target.name = target.path.substr(target.path.rfind('/') + 1);
    target.folder = folder_of(target.path);
    return target;
}

Result<void> check_target(const std::string& path) {
    const auto found = find_target(path);
    if (!found) return found.error();
    const Target& target = found.value();
    struct stat status{};
    int code = ::stat(target.folder.c_str(), &status) == 0 ? 0 : errno;
    if (code == 0 && !S_ISDIR(status.st_mode)) code = ENOTDIR;
    if (code == 0 && ::faccessat(AT_FDCWD, target.folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) code = errno;
    if (code != 0) return folder_error(path, target, code);
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
