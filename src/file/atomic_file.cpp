#include "file/atomic_file.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "file/mapping.hpp"
#include "file/os_error.hpp"

namespace nearfile::file {
namespace {

using base::Error;
using base::Result;

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

// Whether a file without a name may have been refused for being one.
bool is_about_links(int code) {
    return code == EPERM || code == EACCES || code == ENOENT || code == ENOTSUP || code == ENOSYS || code == EXDEV;
}

}  // namespace

// "Free" is what the next attempt will have: what the temporary file holds is given back.
Error AtomicFile::write_error(int code) const {
    const std::string what = "cannot write " + quoted(path_);
    if (code != ENOSPC && code != EDQUOT && code != EFBIG) {
        return os_error(what, code, "check the disk; nothing was changed");
    }
    std::string amounts = ", it needs " + std::string(expected_ ? "" : "at least ") +
                          std::to_string(expected_.value_or(room_)) + " bytes";
    struct statvfs disk{};
    if (code != EFBIG && ::statvfs(target_.folder.c_str(), &disk) == 0) {
        const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize + temporary_->bytes_on_disk();
        amounts += " and " + std::to_string(free) + " are free in " + quoted(target_.folder);
    }
    return os_error(what + amounts, code,
                    code == ENOSPC
                        ? "free some space or choose another folder; nothing was changed"
                        : "choose another folder or raise the limit (quota, ulimit -f); nothing was changed");
}

Result<void> AtomicFile::make_room(std::uint64_t bytes) {
    if (!temporary_) {
        auto found = find_target(path_);
        if (!found) return found.error();
        target_ = std::move(found.value());
        temporary_.emplace(target_);
        if (temporary_->create_nameless() != 0) {
            if (const int code = temporary_->create_named(); code != 0) {
                temporary_.reset();
                return folder_error(path_, target_, code);
            }
        }
    }
    if (bytes <= room_) return {};
    room_ = bytes;
    if (const int code = temporary_->resize(bytes); code != 0) return write_error(code);
    return {};
}

Result<void> AtomicFile::write(std::uint64_t at, std::span<const std::byte> bytes) {
    if (const int code = temporary_->write(at, bytes); code != 0) return write_error(code);
    return {};
}

Result<Output::View> AtomicFile::read() {
    auto mapped = Mapping::of(temporary_->number(), static_cast<std::size_t>(room_), quoted(path_));
    if (!mapped) return mapped.error();
    return View{mapped.value()->bytes(), mapped.value()};
}

// errno, or 0 and the file is synced and has a name. Where it cannot be given one it is copied to a file that has.
int AtomicFile::complete() {
    const auto keep = [this] {
        const int code = target_.exists ? temporary_->permit(target_.permissions) : 0;
        return code == 0 ? temporary_->sync() : code;
    };
    int code = keep();
    if (code != 0) return code;
    code = temporary_->name();
    if (code == 0 || !is_about_links(code)) return code;
    code = temporary_->copy_to_named();
    return code == 0 ? keep() : code;
}

Result<void> AtomicFile::replace() {
    if (const auto made = make_room(0); !made) return made.error();
    int code = complete();
    if (code == 0) code = temporary_->close();
    if (code == 0) code = temporary_->replace_target();
    if (code != 0) return write_error(code);
    if (code = sync_folder(target_.folder); code != 0) {
        return os_error("wrote " + quoted(path_) + ", but its folder cannot be synced", code,
                        "check the disk; a power cut might undo it");
    }
    return {};
}

}  // namespace nearfile::file
