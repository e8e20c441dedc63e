// Header and table of a nearfile, read and written without the checks that a reader does.
#pragma once

#include <optional>
#include <string>

#include "bytes.hpp"
#include "file/format.hpp"

namespace nearfile::fuzz {

// How many entries the table has by the header, as far as there are bytes for them.
std::size_t n_entries(const Bytes& bytes);
file::SectionEntry entry_at(const Bytes& bytes, std::size_t i);
void put_entry(Bytes& bytes, std::size_t i, const file::SectionEntry& entry);

// What a hostile writer does in the end, so that his changes are not found by their checksums. Where there is no
// complete header, or a section is not in the file, nothing.
void make_header_checksum_right(Bytes& bytes);
void make_section_checksums_right(Bytes& bytes);

Bytes read_file(const std::string& path);

}  // namespace nearfile::fuzz
