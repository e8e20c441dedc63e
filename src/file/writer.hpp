// Writes a container: the sections in the order they were added, with their checksums, to a file or to memory. build/
// calls it. The same description and sections give the same bytes.
//
// The sections' bytes are borrowed until the write, which reads them twice, first for the checksums. A file is written
// by write_atomically(), which see. Adding is for one thread; the const functions may be called from several.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "base/result.hpp"
#include "file/atomic_write.hpp"
#include "file/container.hpp"

namespace nearfile::file {

class Writer {
public:
    explicit Writer(std::span<const std::byte, description_bytes> description);

    // An empty section is left out. One of large_section bytes or more starts at a page. More than max_sections, a kind
    // that is there already, or a flag outside known_flags make the write fail with Failure::invalid_argument.
    void add(std::uint32_t kind, std::uint32_t flags, std::span<const std::byte> bytes);

    // What has been added, to be read before it is written.
    Container container() const;

    std::uint64_t file_bytes() const noexcept;
    base::Result<void> write(const std::string& path) const;
    base::Result<base::AlignedBuffer> to_memory() const;

private:
    struct Pending {
        SectionEntry entry;  // its place is known when it is added, its checksum when it is written
        std::span<const std::byte> bytes;
    };

    base::Result<void> check() const;
    std::vector<std::byte> make_head() const;  // header, table and the zeros up to the first section or the end

    std::array<std::byte, description_bytes> description_;
    std::vector<Pending> sections_;
};

}  // namespace nearfile::file
