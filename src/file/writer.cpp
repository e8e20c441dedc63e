#include "file/writer.hpp"

#include <algorithm>
#include <cstring>

#include "base/crc32c.hpp"
#include "file/table.hpp"

namespace nearfile::file {
namespace {

using base::Error;
using base::Failure;
using base::Result;

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

// Between two sections lie their trailing bytes and what is missing to the start of a page, at most.
constexpr std::array<std::byte, trailing_bytes + page> zeros{};

std::uint64_t end_of(const SectionEntry& entry) {
    return entry.offset + entry.length;
}

}  // namespace

Writer::Writer(std::span<const std::byte, description_bytes> description) {
    std::copy(description.begin(), description.end(), description_.begin());
}

void Writer::add(std::uint32_t kind, std::uint32_t flags, std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    const std::uint64_t free = sections_.empty() ? page : end_of(sections_.back().entry) + trailing_bytes;
    const std::uint64_t offset = round_up(free, bytes.size() >= large_section ? page : alignment);
    sections_.push_back({{kind, flags, offset, bytes.size(), 0, 0}, bytes});
}

Container Writer::container() const {
    std::vector<Container::Part> parts;
    for (const Pending& section : sections_) parts.push_back({section.entry.kind, section.bytes});
    return Container::of_parts(description_, std::move(parts));
}

std::uint64_t Writer::file_bytes() const noexcept {
    if (sections_.empty()) return sizeof(Header);
    return round_up(end_of(sections_.back().entry) + trailing_bytes, alignment);
}

Result<void> Writer::check() const {
    const auto refused = [](const std::string& what) { return Error{Failure::invalid_argument, what}; };
    if (sections_.size() > max_sections) {
        return refused("expected at most " + std::to_string(max_sections) + " sections, got " +
                       std::to_string(sections_.size()) + "; put several things into one");
    }
    for (auto one = sections_.begin(); one != sections_.end(); ++one) {
        const std::uint32_t kind = one->entry.kind;
        if (std::any_of(sections_.begin(), one, [&](const Pending& other) { return other.entry.kind == kind; })) {
            return refused("section " + std::to_string(kind) + " was added twice; add each kind once");
        }
        if ((one->entry.flags & ~known_flags) != 0) {
            return refused("section " + std::to_string(kind) + " has flags " + std::to_string(one->entry.flags) +
                           ", known are " + std::to_string(known_flags));
        }
    }
    return {};
}

std::vector<std::byte> Writer::make_head() const {
    Header header{};
    header.magic = magic;
    header.format_version = format_version;
    header.endian_tag = endian_tag;
    header.file_bytes = file_bytes();
    header.section_count = static_cast<std::uint32_t>(sections_.size());
    header.description = description_;
    std::vector<SectionEntry> entries;
    for (const Pending& pending : sections_) {
        entries.push_back(pending.entry);
        entries.back().crc = base::crc32c(pending.bytes);
    }
    header.header_crc = header_crc(header, entries);

    std::vector<std::byte> head(sections_.empty() ? sizeof header : page);
    std::memcpy(head.data(), &header, sizeof header);
    if (!entries.empty())
        std::memcpy(head.data() + sizeof header, entries.data(), entries.size() * sizeof(SectionEntry));
    return head;
}

Result<void> Writer::write(const std::string& path) const {
    const auto checked = check();
    if (!checked) return checked.error();
    const std::vector<std::byte> head = make_head();
    std::vector<std::span<const std::byte>> pieces = {head};
    for (std::size_t i = 0; i < sections_.size(); ++i) {
        const std::uint64_t next = i + 1 < sections_.size() ? sections_[i + 1].entry.offset : file_bytes();
        pieces.push_back(sections_[i].bytes);
        pieces.push_back(std::span(zeros).first(static_cast<std::size_t>(next - end_of(sections_[i].entry))));
    }
    return write_atomically(path, pieces);
}

Result<base::AlignedBuffer> Writer::to_memory() const {
    const auto checked = check();
    if (!checked) return checked.error();
    base::AlignedBuffer buffer(static_cast<std::size_t>(file_bytes()));
    if (!buffer.ok()) {
        return Error{Failure::out_of_memory,
                     "expected " + std::to_string(file_bytes()) +
                         " bytes of memory for the index, got none; write it to a file instead"};
    }
    const std::vector<std::byte> head = make_head();
    std::memcpy(buffer.data(), head.data(), head.size());
    for (const Pending& pending : sections_) {
        std::memcpy(buffer.data() + pending.entry.offset, pending.bytes.data(), pending.bytes.size());
    }
    return buffer;
}

}  // namespace nearfile::file
