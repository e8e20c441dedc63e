#include "file/atomic_write.hpp"

#include <cstdint>

#include "file/atomic_file.hpp"

namespace nearfile::file {

base::Result<void> write_atomically(const std::string& path, std::span<const std::span<const std::byte>> pieces) {
    AtomicFile file(path);
    std::uint64_t size = 0;
    for (const auto& piece : pieces) size += piece.size();
    file.expect(size);
    if (auto made = file.make_room(size); !made) return made;
    std::uint64_t at = 0;
    for (const auto& piece : pieces) {
        if (auto written = file.write(at, piece); !written) return written;
        at += piece.size();
    }
    return file.replace();
}

}  // namespace nearfile::file
