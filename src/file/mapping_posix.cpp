#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <limits>

#include "file/mapping.hpp"
#include "file/os_error.hpp"

namespace nearfile::file {
namespace {

using base::Result;

std::string advice_for(int code) {
    switch (code) {
        case ENOENT:
        case ENOTDIR:
            return "check the path; a relative one starts at the current folder";
        case EACCES:
        case EPERM:
            return "ask for permission to read the file and to enter its folders";
        case EMFILE:
        case ENFILE:
            return "close other files, or raise the limit (ulimit -n)";
        case ENOMEM:
            return "free address space or mappings (ulimit -v, sysctl vm.max_map_count)";
        default:
            return "check the disk and the file";
    }
}

// Closes at the end of the scope: a mapping does not need its descriptor.
class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number() const { return number_; }

private:
    int number_;
};

int open_to_read(const std::string& path) {
    int number;
    do {
        // Without O_NONBLOCK a named pipe would wait here for somebody to write to it.
        number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    } while (number < 0 && errno == EINTR);
    return number;
}

}  // namespace

Result<std::shared_ptr<const Mapping>> Mapping::open(const std::string& path) {
    if (has_zero_byte(path)) return zero_byte_error();
    const Descriptor file(open_to_read(path));
    if (file.number() < 0) {
        const int code = errno;
        return os_error("cannot open the file " + quoted(path), code, advice_for(code));
    }
    struct stat status{};
    if (::fstat(file.number(), &status) != 0) {
        const int code = errno;
        return os_error("cannot ask for the size of " + quoted(path), code, advice_for(code));
    }
    if (S_ISDIR(status.st_mode)) {
        return os_error("expected a file, " + quoted(path) + " is a folder", EISDIR, "give the path of a file in it");
    }
    if (!S_ISREG(status.st_mode)) {
        return os_error("expected a regular file, " + quoted(path) + " is a device, pipe or socket", ENODEV,
                        "only a regular file can be mapped; read the bytes and open them as a buffer");
    }
    if (static_cast<std::uintmax_t>(status.st_size) > std::numeric_limits<std::size_t>::max() / 2) {
        return os_error("cannot map " + quoted(path), EFBIG, "use a 64-bit build");
    }
    return of(file.number(), static_cast<std::size_t>(status.st_size), quoted(path));
}

Result<std::shared_ptr<const Mapping>> Mapping::of(FileNumber number, std::size_t size, const std::string& name) {
    void* data = nullptr;
    if (size > 0) {
        data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, static_cast<int>(number), 0);
        if (data == MAP_FAILED) {
            const int code = errno;
            return os_error("cannot map the " + std::to_string(size) + " bytes of " + name, code, advice_for(code));
        }
    }
    return std::shared_ptr<const Mapping>(new Mapping(static_cast<const std::byte*>(data), size));
}

Mapping::~Mapping() {
    if (size_ > 0) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace nearfile::file
