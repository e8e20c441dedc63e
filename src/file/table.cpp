#include "file/table.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/crc32c.hpp"

namespace nearfile::file {
namespace {

static_assert(std::endian::native == std::endian::little, "files are little-endian and mapped as they are");

using base::Error;
using base::Failure;
using base::Result;

Error bad(const std::string& name, const std::string& what) {
    return {Failure::bad_file, name + " " + what};
}

// The advice of most errors here: the bytes are not those that were written.
Error damaged(const std::string& name, const std::string& what) {
    return bad(name, "is damaged: " + what + "; copy it again from its source, or build it again");
}

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

// Letters as they are and anything else as \x1b: the bytes of a foreign file must not reach a terminal.
std::string shown(std::span<const std::byte> bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const std::byte byte : bytes) {
        const auto value = std::to_integer<unsigned>(byte);
        if (value >= 0x20 && value < 0x7f && value != '\\' && value != '\'') {
            text += static_cast<char>(value);
        } else {
            text += {'\\', 'x', digits[value >> 4], digits[value & 15]};
        }
    }
    return "'" + text + "'";
}

std::uint32_t swapped(std::uint32_t v) {
    return v << 24 | (v & 0xff00) << 8 | (v >> 8 & 0xff00) | v >> 24;
}

// In the order in which a message helps most: what it is, who can read it, whether it is all there, whether it is
// intact.
Result<void> check_header(const Header& header, std::uint64_t size, const std::string& name) {
    if (header.endian_tag == swapped(endian_tag)) {
        return bad(name,
                   "is a big-endian file, expected a little-endian one; write it again with the nearfile of a "
                   "little-endian machine");
    }
    if (header.endian_tag != endian_tag) return damaged(name, "its endian tag is " + number(header.endian_tag));
    if (header.format_version > format_version) {
        return bad(name, "was written by a newer version: it has format " + number(header.format_version) +
                             ", this nearfile reads up to " + number(format_version) + "; upgrade nearfile");
    }
    if (header.format_version == 0) return damaged(name, "there is no format version 0");
    if (size < header.file_bytes) {
        return bad(name, "is truncated: the header says " + number(header.file_bytes) + " bytes, the file has " +
                             number(size) + "; copy it again from its source, or build it again");
    }
    if (size > header.file_bytes) {
        return bad(name, "is too long: the header says " + number(header.file_bytes) + " bytes, the file has " +
                             number(size) + "; something was appended, copy it again from its source");
    }
    if (header.section_count > max_sections) {
        return damaged(name, "it says it has " + number(header.section_count) + " sections, expected at most " +
                                 number(max_sections));
    }
    if (size < sizeof(Header) + header.section_count * sizeof(SectionEntry)) {
        return damaged(name, "its " + number(size) + " bytes do not hold its table of " + number(header.section_count) +
                                 " sections");
    }
    return {};
}

std::string section_name(const SectionEntry& entry) {
    return "section " + number(entry.kind) + " (offset " + number(entry.offset) + ", " + number(entry.length) +
           " bytes)";
}

// `free` is the first byte that does not belong to an earlier section.
Result<void> check_place(const SectionEntry& entry, std::uint64_t free, std::uint64_t size, const std::string& name) {
    const auto wrong = [&](const std::string& what) { return damaged(name, section_name(entry) + " " + what); };
    if (entry.reserved != 0) return wrong("has a reserved field that is not zero");
    if (entry.length == 0) return wrong("is empty");
    if (entry.offset % alignment != 0) return wrong("does not start at a multiple of " + number(alignment));
    if (entry.offset < free) return wrong("starts before byte " + number(free) + ", where the one before it ends");
    // Subtracting, because the sums may overflow.
    if (entry.offset > size || entry.length > size - entry.offset ||
        trailing_bytes > size - entry.offset - entry.length) {
        return wrong("and the " + number(trailing_bytes) + " bytes after it do not fit in a file of " + number(size));
    }
    return {};
}

Result<void> check_sections(const Table& table, std::span<const std::uint32_t> known_kinds) {
    std::uint64_t free = page;
    for (auto entry = table.entries.begin(); entry != table.entries.end(); ++entry) {
        const auto placed = check_place(*entry, free, table.header.file_bytes, table.name);
        if (!placed) return placed.error();
        free = entry->offset + entry->length + trailing_bytes;
        const auto same_kind = [&](const SectionEntry& other) { return other.kind == entry->kind; };
        if (std::any_of(table.entries.begin(), entry, same_kind)) {
            return damaged(table.name, section_name(*entry) + " is there twice");
        }
        const bool known = std::find(known_kinds.begin(), known_kinds.end(), entry->kind) != known_kinds.end();
        if (!known && (entry->flags & flag_required) != 0) {
            return bad(table.name, "has a required section of kind " + number(entry->kind) +
                                       ", which this nearfile does not know; upgrade nearfile");
        }
        if ((entry->flags & ~known_flags) != 0) {
            return bad(table.name, "has flags " + number(entry->flags) + " on " + section_name(*entry) +
                                       ", which this nearfile does not know; upgrade nearfile");
        }
    }
    return {};
}

}  // namespace

std::uint32_t header_crc(Header header, std::span<const SectionEntry> entries) noexcept {
    header.header_crc = 0;
    const std::uint32_t crc = base::crc32c(std::as_bytes(std::span(&header, 1)));
    return base::crc32c(std::as_bytes(entries), crc);
}

Result<Table> read_table(std::span<const std::byte> bytes, std::span<const std::uint32_t> known_kinds,
                         const std::string& name) {
    const std::size_t start = std::min(bytes.size(), magic.size());
    if (start == 0) return bad(name, "is empty, expected a nearfile; build it again");
    if (std::memcmp(bytes.data(), magic.data(), start) != 0) {
        return bad(name, "is not a nearfile: expected it to start with 'NEARFILE', it starts with " +
                             shown(bytes.first(start)) + "; check the path");
    }
    if (bytes.size() < sizeof(Header)) {
        return bad(name, "is truncated: it has " + number(bytes.size()) + " bytes, its header alone has " +
                             number(sizeof(Header)) + "; copy it again from its source, or build it again");
    }
    Table table;
    table.name = name;
    std::memcpy(&table.header, bytes.data(), sizeof(Header));
    auto checked = check_header(table.header, bytes.size(), name);
    if (!checked) return checked.error();

    table.entries.resize(table.header.section_count);
    if (!table.entries.empty()) {
        std::memcpy(table.entries.data(), bytes.data() + sizeof(Header), table.entries.size() * sizeof(SectionEntry));
    }
    if (header_crc(table.header, table.entries) != table.header.header_crc) {
        return damaged(name, "the checksum of its header is wrong");
    }
    const auto& reserved = table.header.reserved;
    if (std::any_of(reserved.begin(), reserved.end(), [](std::byte byte) { return byte != std::byte{0}; })) {
        return damaged(name, "the reserved part of its header is not zero");
    }
    checked = check_sections(table, known_kinds);
    if (!checked) return checked.error();
    return table;
}

}  // namespace nearfile::file
