#include "container.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/crc32c.hpp"
#include "file/table.hpp"

namespace nearfile::fuzz {

using file::Header;
using file::SectionEntry;

std::size_t n_entries(const Bytes& bytes) {
    if (bytes.size() < sizeof(Header)) return 0;
    std::uint32_t count;
    std::memcpy(&count, bytes.data() + offsetof(Header, section_count), sizeof count);
    return std::min<std::size_t>({count, file::max_sections, (bytes.size() - sizeof(Header)) / sizeof(SectionEntry)});
}

SectionEntry entry_at(const Bytes& bytes, std::size_t i) {
    SectionEntry entry;
    std::memcpy(&entry, bytes.data() + sizeof(Header) + i * sizeof entry, sizeof entry);
    return entry;
}

void put_entry(Bytes& bytes, std::size_t i, const SectionEntry& entry) {
    std::memcpy(bytes.data() + sizeof(Header) + i * sizeof entry, &entry, sizeof entry);
}

void make_header_checksum_right(Bytes& bytes) {
    Header header;
    if (bytes.size() < sizeof header) return;
    std::memcpy(&header, bytes.data(), sizeof header);
    std::vector<SectionEntry> entries;
    for (std::size_t i = 0; i < n_entries(bytes); ++i) entries.push_back(entry_at(bytes, i));
    const std::uint32_t crc = file::header_crc(header, entries);
    std::memcpy(bytes.data() + offsetof(Header, header_crc), &crc, sizeof crc);
}

void make_section_checksums_right(Bytes& bytes) {
    for (std::size_t i = 0; i < n_entries(bytes); ++i) {
        SectionEntry entry = entry_at(bytes, i);
        if (entry.offset > bytes.size() || entry.length > bytes.size() - entry.offset) continue;
        entry.crc = base::crc32c(std::span(bytes).subspan(entry.offset, entry.length));
        put_entry(bytes, i, entry);
    }
}

Bytes read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    const std::vector<char> text((std::istreambuf_iterator<char>(in)), {});
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

}  // namespace nearfile::fuzz
