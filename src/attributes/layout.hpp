// How columns lie in a file: what docs/format.md says of the sections columns and column_values, in C++.
//
// `columns` is the directory: how many there are, an entry each, then their names and time zones, one after another.
// `column_values` has the arrays of all columns, one after another, each at a multiple of 64.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nearfile/attributes.hpp"

namespace nearfile::attributes {

inline constexpr std::uint32_t block_items = 1024;  // that have a minimum and a maximum; whole words of a bitmap
inline constexpr std::uint64_t alignment = 64;

// On disk, little-endian: do not change.
struct ColumnEntry {
    ColumnType type;
    std::uint32_t ticks_per_second;
    std::uint32_t name_bytes;
    std::uint32_t time_zone_bytes;
    std::uint32_t missing;
    std::uint32_t distinct;    // of string and strings: how long the dictionary is
    std::uint64_t elements;    // of strings: how many there are in all lists
    std::uint64_t postings;    // of string and strings: items of all distinct values together
    std::uint64_t text_bytes;  // of string and strings: of the dictionary
    std::uint64_t reserved[2];
};
static_assert(sizeof(ColumnEntry) == 64);
static_assert(offsetof(ColumnEntry, elements) == 24);

struct Extent {
    std::uint64_t offset;
    std::uint64_t bytes;
    std::uint64_t end() const noexcept { return offset + bytes; }
};

// Where in `column_values` the arrays of a column are, in this order; those that its type does not have are empty.
struct ColumnLayout {
    Extent present;
    Extent values;
    Extent list_starts;
    Extent codes;
    Extent minima;
    Extent maxima;
    Extent posting_starts;
    Extent postings;
    Extent text_starts;
    Extent text;
    std::uint64_t end;  // where the next column begins
};

// `first` is a multiple of 64; the numbers of the entry are such that sums of them do not overflow.
ColumnLayout layout_of(const ColumnEntry& entry, std::uint32_t count, std::uint64_t first) noexcept;

constexpr bool has_dictionary(ColumnType type) noexcept {
    return type == ColumnType::string || type == ColumnType::strings;
}
constexpr bool has_blocks(ColumnType type) noexcept {
    return type == ColumnType::int64 || type == ColumnType::float64 || type == ColumnType::timestamp;
}

constexpr std::size_t code_bytes(std::uint64_t distinct) noexcept {
    return distinct <= 0x100 ? 1 : distinct <= 0x10000 ? 2 : 4;
}
// Of a start in so long a text.
constexpr std::size_t text_start_bytes(std::uint64_t text_bytes) noexcept {
    return text_bytes <= 0xffffffff ? 4 : 8;
}
constexpr std::uint64_t blocks_of(std::uint64_t count) noexcept {
    return (count + block_items - 1) / block_items;
}

}  // namespace nearfile::attributes
