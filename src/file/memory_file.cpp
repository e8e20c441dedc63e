#include "file/memory_file.hpp"

#include <algorithm>
#include <limits>

namespace nearfile::file {

using base::Error;
using base::Failure;
using base::Result;

Result<void> MemoryFile::make_room(std::uint64_t bytes) {
    if (bytes <= buffer_.size()) return {};
    if (bytes <= std::numeric_limits<std::size_t>::max() && buffer_.grow(static_cast<std::size_t>(bytes))) return {};
    return Error{Failure::out_of_memory, "expected " + std::to_string(bytes) +
                                             " bytes of memory for the index, got none; write it to a file instead"};
}

Result<void> MemoryFile::write(std::uint64_t at, std::span<const std::byte> bytes) {
    std::copy(bytes.begin(), bytes.end(), buffer_.data() + at);
    return {};
}

}  // namespace nearfile::file
