#include "file/work_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "file/os_error.hpp"
#include "file/target.hpp"

namespace nearfile::file {
namespace {

using base::Error;
using base::Result;

constexpr mode_t owner_alone = 0700;
constexpr std::size_t longest_name = 200;  // of a file, so that the folder's stays below the usual limit of 255

void unmap(std::byte* data, std::size_t size) {
    ::munmap(data, size + base::AlignedBuffer::slack);
}

bool same_file(int number, const std::string& path) {
    struct stat open{};
    struct stat named{};
    return ::fstat(number, &open) == 0 && ::stat(path.c_str(), &named) == 0 && open.st_ino == named.st_ino &&
           open.st_dev == named.st_dev;
}

int create_nameless(const std::string& folder) {
#if defined(O_TMPFILE)
    const int number = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (number >= 0) return number;
#endif
    std::string path = folder + "/buffer.XXXXXX";
    const int named = ::mkstemp(path.data());
    if (named >= 0) ::unlink(path.c_str());
    return named;
}

// All of the file's room, as zeros. errno, or 0.
int take_room(int number, std::size_t bytes) {
#if defined(__linux__)
    for (;;) {
        const int code = ::posix_fallocate(number, 0, static_cast<off_t>(bytes));
        if (code != EINTR) return code;
    }
#else
    return ::ftruncate(number, static_cast<off_t>(bytes)) == 0 ? 0 : errno;
#endif
}

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
        if (::mkdir(folder.c_str(), owner_alone) != 0 && errno != EEXIST) return folder_error(path, target, errno);
        const int number = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (number < 0 && errno == ENOENT) continue;  // just removed
        if (number < 0) {
            return os_error("cannot open the folder " + quoted(folder), errno, "remove it or choose another path");
        }
        // Some file systems know no locks; there, whoever builds the same file twice at once is not told.
        if (::flock(number, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
            ::close(number);
            return os_error("another build of " + quoted(path) + " is under way, in " + quoted(folder), EWOULDBLOCK,
                            "wait until it is finished, or choose another path");
        }
        if (same_file(number, folder)) return WorkFolder(folder, number);
        ::close(number);
    }
}

WorkFolder::~WorkFolder() {
    if (number_ < 0) return;
    ::rmdir(path_.c_str());  // where nothing is in it
    ::close(number_);
}

Result<base::AlignedBuffer> WorkFolder::buffer(std::size_t bytes) const {
    const std::size_t all = bytes + base::AlignedBuffer::slack;
    const int number = create_nameless(path_);
    if (number < 0) return os_error("cannot create a file in " + quoted(path_), errno, "check the disk");
    int code = take_room(number, all);
    void* data = MAP_FAILED;
    if (code == 0) {
        data = ::mmap(nullptr, all, PROT_READ | PROT_WRITE, MAP_SHARED, number, 0);
        code = data == MAP_FAILED ? errno : 0;
    }
    ::close(number);
    if (code == ENOSPC || code == EDQUOT) return no_room(path_, bytes, free_bytes(), "this step of the build");
    if (code != 0) {
        return os_error("cannot map " + std::to_string(bytes) + " bytes of " + quoted(path_), code, "check the disk");
    }
    return base::AlignedBuffer(static_cast<std::byte*>(data), bytes, unmap);
}

std::uint64_t WorkFolder::free_bytes() const {
    struct statvfs disk{};
    return ::statvfs(path_.c_str(), &disk) == 0 ? std::uint64_t{disk.f_bavail} * disk.f_frsize : 0;
}

Result<void> WorkFolder::check_free(std::uint64_t needed, const std::string& what) const {
    std::uint64_t free = free_bytes();
    std::error_code ignored;
    for (const auto& each : std::filesystem::directory_iterator(path_, ignored)) {
        const std::uint64_t bytes = each.file_size(ignored);
        if (!ignored) free += bytes;
    }
    if (needed > free) return no_room(path_, needed, free, what);
    return {};
}

void WorkFolder::remove() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace nearfile::file
