#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

#include "file/os_error.hpp"
#include "file/target.hpp"
#include "file/target_refusals.hpp"

namespace nearfile::file {
namespace {

using base::Result;

constexpr int most_links = 40;  // as many as Linux follows

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
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
    if (!target.exists && errno == ENAMETOOLONG) return is_too_long(path);
    if (target.exists && S_ISDIR(status.st_mode)) return is_folder(path);
    // Renaming over /dev/null would replace it for the whole machine.
    if (target.exists && !S_ISREG(status.st_mode)) return is_no_regular_file(path);
    const auto followed = without_links(path);
    if (!followed) return followed.error();
    target.path = followed.value();
    if (target.path.back() == '/') return is_folder(path);
    target.permissions = static_cast<unsigned>(status.st_mode & 0777);
    target.name = target.path.substr(target.path.rfind('/') + 1);
    target.folder = folder_of(target.path);
    return target;
}

int why_none_in(const std::string& folder) {
    struct stat status{};
    if (::stat(folder.c_str(), &status) != 0) return errno;
    if (!S_ISDIR(status.st_mode)) return ENOTDIR;
    return ::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

}  // namespace nearfile::file
