#include "file/temporary.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nearfile::file {
namespace {

constexpr std::size_t largest_write = std::size_t{1} << 30;  // macOS refuses more than 2 GiB - 1 at once
constexpr std::size_t longest_name = 200;  // of a file, so that the temporary one's stays below the usual limit of 255

constexpr mode_t owner_alone = 0600;
constexpr mode_t all = 0666;

#if defined(O_TMPFILE)
// umask() tells it only by changing it, for all threads. Nothing before Linux 4.7, and without /proc.
std::optional<mode_t> process_umask() {
    std::ifstream status("/proc/thread-self/status");
    std::string word;
    while (status >> word) {
        if (word == "Umask:" && status >> word) return static_cast<mode_t>(std::stoul(word, nullptr, 8));
    }
    return std::nullopt;
}
#endif

}  // namespace

int Temporary::create_nameless() {
#if defined(O_TMPFILE)
    // Taken off here, because before Linux 6.0 some file systems forget the umask for a file without a name.
    const auto taken_off = process_umask();
    if (!taken_off) return ENOTSUP;
    const mode_t mode = target_.exists ? owner_alone : all & ~*taken_off;
    do {
        number_ = ::open(target_.folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
    } while (number_ < 0 && errno == EINTR);
    return number_ >= 0 ? 0 : errno;
#else
    return ENOTSUP;
#endif
}

int Temporary::create_named() {
    for (;;) {
        std::string path = next_path();
        number_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, target_.exists ? owner_alone : all);
        if (number_ >= 0) {
            path_ = std::move(path);
            return 0;
        }
        // EEXIST: left by a process that was killed, or of one with this number in another container.
        if (errno != EINTR && errno != EEXIST) return errno;
    }
}

int Temporary::resize(std::uint64_t bytes) {
    while (::ftruncate(number_, static_cast<off_t>(bytes)) != 0) {
        if (errno != EINTR) return errno;
    }
    return 0;
}

int Temporary::write(std::uint64_t at, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const std::size_t most = std::min(bytes.size(), largest_write);
        const ssize_t written = ::pwrite(number_, bytes.data(), most, static_cast<off_t>(at));
        if (written == 0) return EIO;
        if (written < 0 && errno != EINTR) return errno;
        if (written < 0) continue;
        at += static_cast<std::uint64_t>(written);
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return 0;
}

std::uint64_t Temporary::bytes_on_disk() const {
    constexpr std::uint64_t block = 512;  // of st_blocks, whatever the file system's are
    struct stat status{};
    return ::fstat(number_, &status) == 0 ? static_cast<std::uint64_t>(status.st_blocks) * block : 0;
}

// A file system without permissions refuses, and has nothing to lose by it.
int Temporary::permit(mode_t permissions) {
    return ::fchmod(number_, permissions) == 0 || errno == EPERM || errno == ENOTSUP ? 0 : errno;
}

int Temporary::sync() {
#if defined(F_FULLFSYNC)
    if (::fcntl(number_, F_FULLFSYNC) == 0) return 0;  // fsync of macOS does not reach the disk
#endif
    while (::fsync(number_) != 0) {
        if (errno != EINTR) return errno;
    }
    return 0;
}

int Temporary::name() {
    if (!path_.empty()) return 0;
    const std::string here = "/proc/self/fd/" + std::to_string(number_);
    for (;;) {
        std::string path = next_path();
        if (::linkat(AT_FDCWD, here.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) {
            path_ = std::move(path);
            return sync();  // some file systems keep nothing of a file without a name over a power cut
        }
        if (errno != EINTR && errno != EEXIST) return errno;
    }
}

int Temporary::copy_to_named() {
    const int from = std::exchange(number_, -1);
    int code = create_named();
    std::vector<std::byte> some(std::size_t{1} << 20);
    std::uint64_t at = 0;
    while (code == 0) {
        const ssize_t n = ::pread(from, some.data(), some.size(), static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) code = errno;
        if (n <= 0) break;
        code = write(at, std::span(some).first(static_cast<std::size_t>(n)));
        at += static_cast<std::uint64_t>(n);
    }
    ::close(from);
    return code;
}

// Network file systems report here what they could not write before.
int Temporary::close() {
    const int number = std::exchange(number_, -1);
    return ::close(number) == 0 || errno == EINTR ? 0 : errno;
}

int Temporary::replace_target() {
    if (::rename(path_.c_str(), target_.path.c_str()) != 0) return errno;
    path_.clear();
    return 0;
}

void Temporary::discard() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
    if (!path_.empty()) ::unlink(path_.c_str());
    path_.clear();
}

std::string Temporary::next_path() const {
    static std::atomic<std::uint32_t> counter{0};
    const std::string shown = target_.name.size() > longest_name ? "nearfile" : target_.name;
    return target_.folder + "/." + shown + "." + std::to_string(::getpid()) + "." +
           std::to_string(counter.fetch_add(1)) + ".tmp";
}

}  // namespace nearfile::file
