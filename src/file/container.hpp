// The container: a header, a table of sections, and the sections' bytes. It hands out byte spans and does not know what
// they mean. format.hpp has the layout; docs/format.md describes it to the byte.
//
// Opening checks the header, the table and every section's place and size in time that does not depend on the size of
// the file; verify() reads everything. A Container is immutable and may be used from any number of threads. Copies
// share the mapping, which lives as long as the last of them; spans from a container are valid as long as it or a copy
// lives.
//
// A file that is replaced by renaming another over it stays as it was for those who have it open. One that is cut short
// while it is mapped, by whatever program, ends a process that reads behind its new end (SIGBUS); no check can prevent
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "file/format.hpp"

namespace nearfile::file {

struct Table;

class Container {
public:
    // One without sections and with a description of zeros.
    Container();

    // Map a file read-only and shared. `known_kinds` are those the caller understands: another one that is required is
    // refused by number. `prefault` reads the whole file in now.
    static base::Result<Container> open(const std::string& path, std::span<const std::uint32_t> known_kinds,
                                        bool prefault);

    // Over bytes that `owner` keeps alive; they must start at a multiple of 64.
    static base::Result<Container> from_buffer(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                                               std::span<const std::uint32_t> known_kinds);

    struct Part {
        std::uint32_t kind;
        std::span<const std::byte> bytes;
    };

    // Sections that are not in a file yet, where they lie; borrowed. It has no bytes() and nothing to verify.
    static Container of_parts(std::span<const std::byte, description_bytes> description, std::vector<Part> parts);

    // These two are copies made and checked at open: they stay the same whatever happens to the file.
    std::span<const std::byte, description_bytes> description() const noexcept;
    std::span<const SectionEntry> sections()
        const noexcept;  // also the unknown optional ones; in order of their offsets

    // Of header and table, and so of the checksums of all sections.
    std::uint32_t checksum() const noexcept;

    // Empty where the file has no such section. At least trailing_bytes more may be read after its end.
    std::span<const std::byte> section(std::uint32_t kind) const noexcept;
    bool has(std::uint32_t kind) const noexcept;

    std::span<const std::byte> bytes() const noexcept { return bytes_; }
    // Whether these are a map of a file that was made here.
    bool is_mapped() const noexcept { return mapped_; }

    // Every checksum, section by section, and that the bytes between sections are zero; the error gives the kind number
    // and offset of the section at fault, and which_failed (where given) its kind, or 0 where the fault is before the
    // first.
    base::Result<void> verify(std::uint32_t* which_failed = nullptr) const;

private:
    const SectionEntry* find(std::uint32_t kind) const noexcept;

    std::shared_ptr<const Table> table_;
    std::shared_ptr<const void> owner_;
    std::span<const std::byte> bytes_;
    bool mapped_ = false;
    std::vector<Part> parts_;
};

}  // namespace nearfile::file
