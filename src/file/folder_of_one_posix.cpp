#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "file/folder_of_one.hpp"

namespace nearfile::file {
namespace {

constexpr mode_t owner_alone = 0700;

void unmap(std::byte* data, std::size_t size, FileNumber) {
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

}  // namespace

int FolderOfOne::make(const std::string& path) {
    return ::mkdir(path.c_str(), owner_alone) == 0 || errno == EEXIST ? 0 : errno;
}

int FolderOfOne::open(const std::string& path) {
    const int number = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (number < 0) return errno;
    const bool is_held = ::flock(number, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (is_held || !same_file(number, path)) {
        ::close(number);
        return is_held ? EWOULDBLOCK : ENOENT;
    }
    path_ = path;
    number_ = number;
    return 0;
}

void FolderOfOne::close() noexcept {
    if (number_ == no_file) return;
    ::rmdir(path_.c_str());
    ::close(static_cast<int>(std::exchange(number_, no_file)));
}

int FolderOfOne::make_buffer(std::size_t bytes, base::AlignedBuffer& to) const {
    const std::size_t all = bytes + base::AlignedBuffer::slack;
    const int number = create_nameless(path_);
    if (number < 0) return errno;
    int code = take_room(number, all);
    void* data = MAP_FAILED;
    if (code == 0) {
        data = ::mmap(nullptr, all, PROT_READ | PROT_WRITE, MAP_SHARED, number, 0);
        code = data == MAP_FAILED ? errno : 0;
    }
    ::close(number);
    if (code == 0) to = base::AlignedBuffer(static_cast<std::byte*>(data), bytes, unmap);
    return code;
}

}  // namespace nearfile::file
