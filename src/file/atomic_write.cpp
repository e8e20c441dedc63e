#include "file/atomic_write.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "file/os_error.hpp"
#include "file/temporary.hpp"

namespace nearfile::file {
namespace {

using base::Error;
using base::Result;
using Pieces = std::span<const std::span<const std::byte>>;

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

int fill(Temporary& file, const Target& target, Pieces pieces) {
    int code = 0;
    for (const auto& piece : pieces) {
        if (code == 0) code = file.write(piece);
    }
    if (code == 0 && target.exists) code = file.permit(target.permissions);
    return code == 0 ? file.sync() : code;
}

// Whether a file without a name may have been refused for being one.
bool is_about_links(int code) {
    return code == EPERM || code == EACCES || code == ENOENT || code == ENOTSUP || code == ENOSYS || code == EXDEV;
}

// errno, or 0 and the file is complete, synced and has a name. Where it cannot be named at the end, it is written again
// under a name.
int fill_and_name(Temporary& file, const Target& target, Pieces pieces) {
    int code = fill(file, target, pieces);
    if (code != 0) return code;
    code = file.name();
    if (code == 0 || !is_about_links(code)) return code;
    file.discard();
    code = file.create_named();
    return code == 0 ? fill(file, target, pieces) : code;
}

}  // namespace

Result<void> write_atomically(const std::string& path, Pieces pieces) {
    const auto found = find_target(path);
    if (!found) return found.error();
    const Target& target = found.value();

    Temporary file(target);
    if (file.create_nameless() != 0) {
        if (const int code = file.create_named(); code != 0) return folder_error(path, target, code);
    }
    std::uint64_t needed = 0;
    for (const auto& piece : pieces) needed += piece.size();
    int code = fill_and_name(file, target, pieces);
    if (code == 0) code = file.close();
    if (code == 0) code = file.replace_target();
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
