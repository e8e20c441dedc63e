#include "file/atomic_write.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "file/os_error.hpp"

namespace nearfile::file {
namespace {

using base::Error;
using base::Result;

constexpr std::size_t largest_write = std::size_t{1} << 30;  // macOS refuses more than 2 GiB - 1 at once
constexpr std::size_t longest_name = 200;  // of a file, so that the temporary one's stays below the usual limit of 255

struct Target {
    std::string path;  // links followed
    std::string folder;
    std::string name;
    bool exists = false;
    mode_t permissions = 0;
};

std::string without_links(const std::string& path) {
    char* const resolved = ::realpath(path.c_str(), nullptr);
    if (resolved == nullptr) return path;  // nothing there yet
    std::string result = resolved;
    std::free(resolved);
    return result;
}

Result<Target> find_target(const std::string& path) {
    if (has_zero_byte(path)) return zero_byte_error();
    struct stat status{};
    Target target;
    target.exists = ::stat(path.c_str(), &status) == 0;
    if (path.empty() || path.back() == '/' || (target.exists && S_ISDIR(status.st_mode))) {
        return os_error("expected the path of a file to write, " + quoted(path) + " is a folder", EISDIR,
                        "add a file name to it");
    }
    // Renaming over /dev/null would replace it for the whole machine.
    if (target.exists && !S_ISREG(status.st_mode)) {
        return os_error("expected a regular file to replace, " + quoted(path) + " is a device, pipe or socket", EINVAL,
                        "choose another path");
    }
    target.path = target.exists ? without_links(path) : path;
    target.permissions = static_cast<mode_t>(status.st_mode & 0777);
    const std::size_t slash = target.path.rfind('/');
    target.name = target.path.substr(slash == std::string::npos ? 0 : slash + 1);
    target.folder = slash == std::string::npos ? "." : slash == 0 ? "/" : target.path.substr(0, slash);
    return target;
}

// Open until closed, there until renamed: whatever returns early leaves nothing behind.
class Temporary {
public:
    Temporary() = default;
    ~Temporary() { discard(); }
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;

    // errno, or 0.
    int create(const Target& target) {
        static std::atomic<std::uint32_t> counter{0};
        const std::string shown = target.name.size() > longest_name ? "nearfile" : target.name;
        for (;;) {
            std::string path = target.folder + "/." + shown + "." + std::to_string(::getpid()) + "." +
                               std::to_string(counter.fetch_add(1)) + ".tmp";
            number_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
            if (number_ >= 0) {
                path_ = std::move(path);
                return 0;
            }
            // EEXIST: left by a process that was killed, or of one with this number in another container.
            if (errno != EINTR && errno != EEXIST) return errno;
        }
    }

    int write(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const ssize_t written = ::write(number_, bytes.data(), std::min(bytes.size(), largest_write));
            if (written == 0) return EIO;
            if (written > 0) bytes = bytes.subspan(static_cast<std::size_t>(written));
            if (written < 0 && errno != EINTR) return errno;
        }
        return 0;
    }

    // A file system without permissions refuses, and has nothing to lose by it.
    int permit(mode_t permissions) {
        return ::fchmod(number_, permissions) == 0 || errno == EPERM || errno == ENOTSUP ? 0 : errno;
    }

    int sync() {
#if defined(F_FULLFSYNC)
        if (::fcntl(number_, F_FULLFSYNC) == 0) return 0;  // fsync of macOS does not reach the disk
#endif
        while (::fsync(number_) != 0) {
            if (errno != EINTR) return errno;
        }
        return 0;
    }

    // Network file systems report here what they could not write before.
    int close() {
        const int number = std::exchange(number_, -1);
        return ::close(number) == 0 || errno == EINTR ? 0 : errno;
    }

    int rename_to(const std::string& path) {
        if (::rename(path_.c_str(), path.c_str()) != 0) return errno;
        path_.clear();
        return 0;
    }

    void discard() {
        if (number_ >= 0) ::close(std::exchange(number_, -1));
        if (!path_.empty()) ::unlink(path_.c_str());
        path_.clear();
    }

private:
    std::string path_;
    int number_ = -1;
};

Error create_error(const std::string& path, const Target& target, int code) {
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

// Asked for after the temporary file is gone, so that "free" is what the next attempt will have.
Error write_error(const std::string& path, const Target& target, std::uint64_t needed, int code) {
    const std::string what = "cannot write " + quoted(path);
    if (code != ENOSPC && code != EDQUOT && code != EFBIG) {
        return os_error(what, code, "check the disk; nothing was changed");
    }
    std::string amounts = ", it needs " + std::to_string(needed) + " bytes";
    struct statvfs disk{};
    if (code != EFBIG && ::statvfs(target.folder.c_str(), &disk) == 0) {
        const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
        amounts += " and " + std::to_string(free) + " are free in " + quoted(target.folder);
    }
    return os_error(what + amounts, code,
                    code == ENOSPC
                        ? "free some space or choose another folder; nothing was changed"
                        : "choose another folder or raise the limit (quota, ulimit -f); nothing was changed");
}

// Makes the rename itself survive a power cut. A folder that may not be read, and a file system that cannot sync
// folders, are no reason to fail: the bytes of the file are safe.
int sync_folder(const std::string& folder) {
    const int number = ::open(folder.c_str(), O_RDONLY | O_CLOEXEC);
    if (number < 0) return 0;
    int code = 0;
    while (::fsync(number) != 0) {
        if (errno == EINTR) continue;
        code = errno == EINVAL || errno == ENOSYS || errno == ENOTSUP || errno == EBADF || errno == EROFS ? 0 : errno;
        break;
    }
    ::close(number);
    return code;
}

}  // namespace

Result<void> write_atomically(const std::string& path, std::span<const std::span<const std::byte>> pieces) {
    const auto found = find_target(path);
    if (!found) return found.error();
    const Target& target = found.value();

    Temporary file;
    if (const int code = file.create(target); code != 0) return create_error(path, target, code);
    std::uint64_t needed = 0;
    for (const auto& piece : pieces) needed += piece.size();
    int code = 0;
    for (const auto& piece : pieces) {
        if (code == 0) code = file.write(piece);
    }
    if (code == 0 && target.exists) code = file.permit(target.permissions);
    if (code == 0) code = file.sync();
    if (code == 0) code = file.close();
    if (code == 0) code = file.rename_to(target.path);
    if (code != 0) {
        file.discard();
        return write_error(path, target, needed, code);
    }
    if (code = sync_folder(target.folder); code != 0) {
        return os_error("wrote " + quoted(path) + ", but its folder cannot be synced", code,
                        "check the disk; a power cut might undo it");
    }
    return {};
}

}  // namespace nearfile::file
