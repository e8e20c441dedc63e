#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "file/temporary.hpp"

namespace nearfile::file {
namespace {

constexpr std::size_t largest_write = std::size_t{1} << 30;  // macOS refuses more than 2 GiB - 1 at once

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

int open_nameless(const Target& target) {
    // Taken off here, because before Linux 6.0 some file systems forget the umask for a file without a name.
    const auto taken_off = process_umask();
    if (!taken_off) return -1;
    const mode_t mode = target.exists ? owner_alone : all & ~*taken_off;
    int number;
    do {
        number = ::open(target.folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
    } while (number < 0 && errno == EINTR);
    return number;
}
#else
int open_nameless(const Target&) {
    return -1;
}
#endif

// Whether a file without a name may have been refused for being one.
bool is_about_links(int code) {
    return code == EPERM || code == EACCES || code == ENOENT || code == ENOTSUP || code == ENOSYS || code == EXDEV;
}

}  // namespace

class Steps {
public:
    explicit Steps(Temporary& of) : of_(of) {}

    int create_named() {
        for (;;) {
            std::string path = of_.next_path();
            of_.number_ =
                ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, of_.target_.exists ? owner_alone : all);
            if (of_.number_ >= 0) {
                of_.path_ = std::move(path);
                return 0;
            }
            // EEXIST: left by a process that was killed, or of one with this number in another container.
            if (errno != EINTR && errno != EEXIST) return errno;
        }
    }

    // The permissions of what it replaces, and all of it on the disk.
    int keep() {
        const int code = of_.target_.exists ? permit(of_.target_.permissions) : 0;
        return code == 0 ? sync() : code;
    }

    // Gives it a name, where it has none, that is on the disk with all else of it. The bytes were synced before.
    int name() {
        if (!of_.path_.empty()) return 0;
        const std::string here = "/proc/self/fd/" + std::to_string(of_.number_);
        for (;;) {
            std::string path = of_.next_path();
            if (::linkat(AT_FDCWD, here.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) {
                of_.path_ = std::move(path);
                return sync();  // some file systems keep nothing of a file without a name over a power cut
            }
            if (errno != EINTR && errno != EEXIST) return errno;
        }
    }

    // For where it cannot be named: the same bytes in a file that has a name from the start.
    int copy_to_named() {
        const auto from = static_cast<int>(std::exchange(of_.number_, no_file));
        int code = create_named();
        std::vector<std::byte> some(std::size_t{1} << 20);
        std::uint64_t at = 0;
        while (code == 0) {
            const ssize_t n = ::pread(from, some.data(), some.size(), static_cast<off_t>(at));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) code = errno;
            if (n <= 0) break;
            code = of_.write(at, std::span(some).first(static_cast<std::size_t>(n)));
            at += static_cast<std::uint64_t>(n);
        }
        ::close(from);
        return code;
    }

private:
    int descriptor() const { return static_cast<int>(of_.number_); }

    // A file system without permissions refuses, and has nothing to lose by it.
    int permit(unsigned permissions) {
        const int done = ::fchmod(descriptor(), static_cast<mode_t>(permissions));
        return done == 0 || errno == EPERM || errno == ENOTSUP ? 0 : errno;
    }

    int sync() {
#if defined(F_FULLFSYNC)
        if (::fcntl(descriptor(), F_FULLFSYNC) == 0) return 0;  // fsync of macOS does not reach the disk
#endif
        while (::fsync(descriptor()) != 0) {
            if (errno != EINTR) return errno;
        }
        return 0;
    }

    Temporary& of_;
};

int Temporary::create(Named named) {
    if (named == Named::late) number_ = open_nameless(target_);
    return number_ >= 0 ? 0 : Steps(*this).create_named();
}

int Temporary::resize(std::uint64_t bytes) {
    while (::ftruncate(static_cast<int>(number_), static_cast<off_t>(bytes)) != 0) {
        if (errno != EINTR) return errno;
    }
    return 0;
}

int Temporary::write(std::uint64_t at, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const std::size_t most = std::min(bytes.size(), largest_write);
        const ssize_t written = ::pwrite(static_cast<int>(number_), bytes.data(), most, static_cast<off_t>(at));
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
    return ::fstat(static_cast<int>(number_), &status) == 0 ? static_cast<std::uint64_t>(status.st_blocks) * block : 0;
}

// Where it cannot be given a name it is copied to a file that has one.
int Temporary::complete() {
    Steps steps(*this);
    int code = steps.keep();
    if (code != 0) return code;
    code = steps.name();
    if (code == 0 || !is_about_links(code)) return code;
    code = steps.copy_to_named();
    return code == 0 ? steps.keep() : code;
}

// Network file systems report here what they could not write before.
int Temporary::close() {
    const auto number = static_cast<int>(std::exchange(number_, no_file));
    return ::close(number) == 0 || errno == EINTR ? 0 : errno;
}

int Temporary::replace_target() {
    if (::rename(path_.c_str(), target_.path.c_str()) != 0) return errno;
    path_.clear();
    return 0;
}

void Temporary::discard() {
    if (number_ >= 0) ::close(static_cast<int>(std::exchange(number_, no_file)));
    if (!path_.empty()) ::unlink(path_.c_str());
    path_.clear();
}

}  // namespace nearfile::file
