// The header and table of a file, read out and checked. Container::open() calls read_table(); the writer calls
// header_crc().
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "file/format.hpp"

namespace nearfile::file {

// A copy, so that what has been checked cannot change when another process writes to the mapped file.
struct Table {
    Header header{};
    std::vector<SectionEntry> entries;
    std::string name;  // of the file, quoted, for messages
};

// Everything that can be said without reading the sections. Nothing outside `bytes` is touched, whatever they hold.
base::Result<Table> read_table(std::span<const std::byte> bytes, std::span<const std::uint32_t> known_kinds,
                               const std::string& name);

// Of `header` as if its header_crc were zero, and the table.
std::uint32_t header_crc(Header header, std::span<const SectionEntry> entries) noexcept;

}  // namespace nearfile::file
