#include "file/section_writer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "base/crc32c.hpp"
#include "file/table.hpp"

namespace nearfile::file {
namespace {

using base::Error;
using base::Failure;
using base::Result;

// Of what is written whole: it is still in a cache when it is written after its checksum was computed.
constexpr std::size_t piece_bytes = std::size_t{1} << 18;

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

// Between two sections lie their trailing bytes and what is missing to the start of a page, at most.
constexpr std::array<std::byte, trailing_bytes + page> zeros{};

std::uint64_t end_of(const SectionEntry& entry) {
    return entry.offset + entry.length;
}

Error refused(const std::string& what) {
    return {Failure::invalid_argument, what};
}

// With all that follows, where it is the last section.
std::uint64_t file_end(const SectionEntry& entry) {
    return round_up(end_of(entry) + trailing_bytes, alignment);
}

}  // namespace

std::uint64_t SectionWriter::file_bytes() const noexcept {
    return entries_.empty() ? sizeof(Header) : file_end(entries_.back());
}

Result<void> SectionWriter::check(std::uint32_t kind, std::uint32_t flags) const {
    const std::string section = "section " + std::to_string(kind);
    if (begun_) return refused("expected the end of the last section before " + section + "; end each that is begun");
    if (entries_.size() == max_sections) {
        return refused("expected at most " + std::to_string(max_sections) + " sections, got " +
                       std::to_string(max_sections + 1) + "; put several things into one");
    }
    if (std::ranges::find(entries_, kind, &SectionEntry::kind) != entries_.end()) {
        return refused(section + " was added twice; add each kind once");
    }
    if ((flags & ~known_flags) != 0) {
        return refused(section + " has flags " + std::to_string(flags) + ", known are " + std::to_string(known_flags));
    }
    return {};
}

Result<void> SectionWriter::write_zeros(std::uint64_t begin, std::uint64_t end) {
    return output_.write(begin, std::span(zeros).first(static_cast<std::size_t>(end - begin)));
}

Result<void> SectionWriter::begin(std::uint32_t kind, std::uint32_t flags, std::uint64_t length) {
    if (auto checked = check(kind, flags); !checked) return checked;
    const std::uint64_t last = entries_.empty() ? page : end_of(entries_.back());
    const std::uint64_t free = entries_.empty() ? page : last + trailing_bytes;
    current_ = {kind, flags, round_up(free, length >= large_section ? page : alignment), length, 0, 0};
    begun_ = true;
    pieces_.clear();
    if (length == 0) return {};
    if (auto made = output_.make_room(file_end(current_)); !made) return made;
    if (auto before = write_zeros(last, current_.offset); !before) return before;
    return write_zeros(end_of(current_), file_end(current_));
}

Result<void> SectionWriter::put(std::uint64_t at, std::span<const std::byte> bytes) {
    if (!begun_ || at > current_.length || bytes.size() > current_.length - at) {
        return refused("expected bytes within a section that was begun, of " + std::to_string(current_.length) +
                       " bytes, got " + std::to_string(bytes.size()) + " at " + std::to_string(at));
    }
    if (bytes.empty()) return {};
    const std::uint32_t crc = base::crc32c(bytes);
    if (auto done = output_.write(current_.offset + at, bytes); !done) return done;
    const std::lock_guard lock(mutex_);
    pieces_.push_back({at, bytes.size(), crc});
    return {};
}

Result<void> SectionWriter::end() {
    if (!begun_) return refused("expected a section that was begun, got the end of none");
    std::ranges::sort(pieces_, {}, &Piece::at);
    std::uint64_t at = 0;
    for (const Piece& piece : pieces_) {
        if (piece.at != at) break;
        current_.crc = base::crc32c_joined(current_.crc, piece.crc, piece.length);
        at += piece.length;
    }
    if (at != current_.length) {
        return refused("section " + std::to_string(current_.kind) + ": expected each of its " +
                       std::to_string(current_.length) + " bytes once, got others than those from " +
                       std::to_string(at) + " on");
    }
    begun_ = false;
    if (current_.length > 0) entries_.push_back(current_);
    return {};
}

Result<void> SectionWriter::add(std::uint32_t kind, std::uint32_t flags, std::span<const std::byte> bytes) {
    if (auto begun = begin(kind, flags, bytes.size()); !begun) return begun;
    for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) {
        auto done = put(at, bytes.subspan(at, std::min(piece_bytes, bytes.size() - at)));
        if (!done) return done;
    }
    return end();
}

Result<SectionWriter::Written> SectionWriter::written() {
    if (entries_.empty()) return Written{};
    const auto view = output_.read();
    if (!view) return view.error();
    Written all{{}, view.value().owner};
    for (const SectionEntry& entry : entries_) {
        all.parts.push_back({entry.kind, view.value().bytes.subspan(static_cast<std::size_t>(entry.offset),
                                                                    static_cast<std::size_t>(entry.length))});
    }
    return all;
}

Result<void> SectionWriter::finish(std::span<const std::byte, description_bytes> description) {
    if (begun_) return refused("expected the end of the last section before the header; end each that is begun");
    Header header{};
    header.magic = magic;
    header.format_version = format_version;
    header.endian_tag = endian_tag;
    header.file_bytes = file_bytes();
    header.section_count = static_cast<std::uint32_t>(entries_.size());
    std::ranges::copy(description, header.description.begin());
    header.header_crc = header_crc(header, entries_);

    std::vector<std::byte> head(entries_.empty() ? sizeof header : page);
    std::memcpy(head.data(), &header, sizeof header);
    if (!entries_.empty()) {
        std::memcpy(head.data() + sizeof header, entries_.data(), entries_.size() * sizeof(SectionEntry));
    }
    if (auto made = output_.make_room(file_bytes()); !made) return made;
    return output_.write(0, head);
}

}  // namespace nearfile::file
