#include "file/container.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/crc32c.hpp"
#include "file/advice.hpp"
#include "file/mapping.hpp"
#include "file/os_error.hpp"
#include "file/table.hpp"

namespace nearfile::file {
namespace {

using base::Error;
using base::Failure;
using base::Result;

bool all_zero(std::span<const std::byte> bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte == std::byte{0}; });
}

Error damaged(const Table& table, const std::string& what) {
    return {Failure::bad_file,
            table.name + " is damaged: " + what + "; copy it again from its source, or build it again"};
}

std::string section_name(const SectionEntry& entry) {
    return "section " + std::to_string(entry.kind) + " at offset " + std::to_string(entry.offset);
}

// The header was checked at open, and a copy kept; somebody may have written over it since.
bool header_is_as_opened(const Table& table, std::span<const std::byte> bytes) {
    Header header;
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.header_crc != table.header.header_crc) return false;
    std::vector<SectionEntry> entries(table.entries.size());
    if (!entries.empty()) {
        std::memcpy(entries.data(), bytes.data() + sizeof header, entries.size() * sizeof(SectionEntry));
    }
    return header_crc(header, entries) == header.header_crc;
}

}  // namespace

Container::Container() : table_(std::make_shared<const Table>()) {}

Result<Container> Container::open(const std::string& path, std::span<const std::uint32_t> known_kinds, bool prefault) {
    auto mapped = Mapping::open(path);
    if (!mapped) return mapped.error();
    const std::shared_ptr<const Mapping> mapping = std::move(mapped.value());
    auto table = read_table(mapping->bytes(), known_kinds, quoted(path));
    if (!table) return table.error();
    if (prefault) {
        const auto populated = populate(mapping->bytes(), path);
        if (!populated) return populated.error();
    }
    Container container;
    container.table_ = std::make_shared<const Table>(std::move(table.value()));
    container.owner_ = mapping;
    container.mapped_ = true;
    container.bytes_ = mapping->bytes();
    return container;
}

Result<Container> Container::from_buffer(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                                         std::span<const std::uint32_t> known_kinds) {
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignment != 0) {
        return Error{Failure::invalid_argument, "expected a buffer that starts at a multiple of " +
                                                    std::to_string(alignment) +
                                                    ", this one does not; copy it to one that does"};
    }
    auto table = read_table(bytes, known_kinds, "the buffer");
    if (!table) return table.error();
    Container container;
    container.table_ = std::make_shared<const Table>(std::move(table.value()));
    container.owner_ = std::move(owner);
    container.bytes_ = bytes;
    return container;
}

Container Container::of_parts(std::span<const std::byte, description_bytes> description, std::vector<Part> parts) {
    auto table = std::make_shared<Table>();
    std::copy(description.begin(), description.end(), table->header.description.begin());
    for (const Part& part : parts) {
        SectionEntry& entry = table->entries.emplace_back();
        entry.kind = part.kind;
        entry.length = part.bytes.size();
    }
    Container container;
    container.table_ = std::move(table);
    container.parts_ = std::move(parts);
    return container;
}

std::span<const std::byte, description_bytes> Container::description() const noexcept {
    return table_->header.description;
}

std::span<const SectionEntry> Container::sections() const noexcept {
    return table_->entries;
}

std::uint32_t Container::checksum() const noexcept {
    return table_->header.header_crc;
}

const SectionEntry* Container::find(std::uint32_t kind) const noexcept {
    for (const SectionEntry& entry : table_->entries) {
        if (entry.kind == kind) return &entry;
    }
    return nullptr;
}

std::span<const std::byte> Container::section(std::uint32_t kind) const noexcept {
    for (const Part& part : parts_) {
        if (part.kind == kind) return part.bytes;
    }
    const SectionEntry* const entry = find(kind);
    if (entry == nullptr || !parts_.empty()) return {};
    return bytes_.subspan(static_cast<std::size_t>(entry->offset), static_cast<std::size_t>(entry->length));
}

bool Container::has(std::uint32_t kind) const noexcept {
    return find(kind) != nullptr;
}

Result<void> Container::verify(std::uint32_t* which_failed) const {
    if (which_failed != nullptr) *which_failed = 0;
    if (bytes_.empty()) return {};
    if (!header_is_as_opened(*table_, bytes_)) return damaged(*table_, "its header changed after it was opened");
    std::size_t end = sizeof(Header) + table_->entries.size() * sizeof(SectionEntry);  // of what has been looked at
    for (const SectionEntry& entry : table_->entries) {
        const auto offset = static_cast<std::size_t>(entry.offset);
        if (!all_zero(bytes_.subspan(end, offset - end))) {
            return damaged(*table_, "the bytes before " + section_name(entry) + " are not zero");
        }
        if (which_failed != nullptr) *which_failed = entry.kind;
        const std::uint32_t crc = base::crc32c(section(entry.kind));
        if (crc != entry.crc) {
            return damaged(*table_, "the checksum of " + section_name(entry) + " is " + std::to_string(crc) +
                                        ", expected " + std::to_string(entry.crc));
        }
        end = offset + static_cast<std::size_t>(entry.length);
    }
    if (!all_zero(bytes_.subspan(end))) return damaged(*table_, "the bytes after its last section are not zero");
    if (which_failed != nullptr) *which_failed = 0;
    return {};
}

}  // namespace nearfile::file
