#include "file/atomic_file.hpp"

#include <cerrno>

#include "file/disk.hpp"
#include "file/mapping.hpp"
#include "file/os_error.hpp"

namespace nearfile::file {

using base::Error;
using base::Result;

// "Free" is what the next attempt will have: what the temporary file holds is given back.
Error AtomicFile::write_error(int code) const {
    const std::string what = "cannot write " + quoted(path_);
    if (code == EBUSY) {  // Windows, where not every file system lets an open file be replaced
        return os_error(what, code, "close whatever has the old file open, or allow that it is changed; nothing was");
    }
    if (!is_about_room(code) && code != EFBIG) {
        return os_error(what, code, "check the disk; nothing was changed");
    }
    std::string amounts = ", it needs " + std::string(expected_ ? "" : "at least ") +
                          std::to_string(expected_.value_or(room_)) + " bytes";
    if (const auto free = code == EFBIG ? std::nullopt : free_bytes_of(target_.folder)) {
        amounts +=
            " and " + std::to_string(*free + temporary_->bytes_on_disk()) + " are free in " + quoted(target_.folder);
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
        if (const int code = temporary_->create(); code != 0) {
            temporary_.reset();
            return folder_error(path_, target_, code);
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

Result<void> AtomicFile::replace() {
    if (const auto made = make_room(0); !made) return made.error();
    int code = temporary_->complete();
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
