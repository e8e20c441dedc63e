// What a file looks like on disk: docs/format.md in C++. Everything is little-endian; do not change values, sizes or
// order.
//
//   header · table of sections · zeros up to a page · section · at least 64 zeros · section · ... · at least 64 zeros
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace nearfile::file {

inline constexpr std::array<char, 8> magic = {'N', 'E', 'A', 'R', 'F', 'I', 'L', 'E'};
inline constexpr std::uint32_t format_version = 1;
inline constexpr std::uint32_t endian_tag = 0x01020304;
inline constexpr std::size_t alignment = 64;           // of every section's start
inline constexpr std::size_t page = 4096;              // no section starts before it
inline constexpr std::size_t large_section = 1 << 20;  // from this length on the writer starts a section at a page
inline constexpr std::size_t trailing_bytes = 64;      // zeros after every section: kernels may read past its end
inline constexpr std::uint32_t max_sections = 64;
inline constexpr std::size_t description_bytes = 192;

// A file starts with it; the table follows at once.
struct Header {
    std::array<char, 8> magic;
    std::uint32_t format_version;
    std::uint32_t endian_tag;
    std::uint64_t file_bytes;
    std::uint32_t section_count;
    std::uint32_t header_crc;                              // CRC-32C of header and table with this field zero
    std::array<std::byte, 32> reserved;                    // zero
    std::array<std::byte, description_bytes> description;  // what opened/description.hpp says about the whole
};
static_assert(sizeof(Header) == 256);
static_assert(offsetof(Header, format_version) == 8 && offsetof(Header, endian_tag) == 12);
static_assert(offsetof(Header, file_bytes) == 16 && offsetof(Header, section_count) == 24);
static_assert(offsetof(Header, header_crc) == 28 && offsetof(Header, reserved) == 32);
static_assert(offsetof(Header, description) == 64);

inline constexpr std::uint32_t flag_required = 1;  // a reader that does not know the kind must refuse the file
inline constexpr std::uint32_t known_flags = flag_required;  // the others are zero in this version

struct SectionEntry {
    std::uint32_t kind;
    std::uint32_t flags;
    std::uint64_t offset;
    std::uint64_t length;
    std::uint32_t crc;       // CRC-32C of the section's bytes
    std::uint32_t reserved;  // zero
};
static_assert(sizeof(SectionEntry) == 32);
static_assert(offsetof(SectionEntry, offset) == 8 && offsetof(SectionEntry, length) == 16);
static_assert(offsetof(SectionEntry, crc) == 24 && offsetof(SectionEntry, reserved) == 28);

static_assert(sizeof(Header) + max_sections * sizeof(SectionEntry) <= page,
              "header and table fit before the first section");

}  // namespace nearfile::file
