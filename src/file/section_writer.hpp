// Writes a container section by section, each as soon as it is finished, and at last the header and the table that say
// where they are. build/ calls it. The same sections in the same order, and the same description, give the same bytes.
//
//   begin, put, put, ..., end    a section of a known length, in pieces, from any number of threads, in any order
//   add                          one whose bytes are there
//   written                      what has been written so far, to be read before it is complete
//   finish                       header and table
//
// Nothing is read back: checksums are computed of the pieces as they come. All but put() is for one thread. After an
// error there is nothing to go on with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "file/container.hpp"
#include "file/format.hpp"
#include "file/output.hpp"

namespace nearfile::file {

class SectionWriter {
public:
    // `output` is empty, and outlives the writer.
    explicit SectionWriter(Output& output) : output_(output) {}

    // One of large_section bytes or more starts at a page; one of no bytes is left out. More than max_sections, a kind
    // that is there already, a flag outside known_flags, or a section that has not ended: Failure::invalid_argument.
    base::Result<void> begin(std::uint32_t kind, std::uint32_t flags, std::uint64_t length);
    // `at` is from the start of the section.
    base::Result<void> put(std::uint64_t at, std::span<const std::byte> bytes);
    // Failure::invalid_argument where not every byte was put exactly once.
    base::Result<void> end();

    base::Result<void> add(std::uint32_t kind, std::uint32_t flags, std::span<const std::byte> bytes);

    // The sections that have ended, where they lie: see Output::read().
    struct Written {
        std::vector<Container::Part> parts;
        std::shared_ptr<const void> owner;
    };
    base::Result<Written> written();

    base::Result<void> finish(std::span<const std::byte, description_bytes> description);

    // Of what has ended, with all that follows its last section.
    std::uint64_t file_bytes() const noexcept;

private:
    struct Piece {
        std::uint64_t at;
        std::uint64_t length;
        std::uint32_t crc;
    };

    base::Result<void> check(std::uint32_t kind, std::uint32_t flags) const;
    base::Result<void> write_zeros(std::uint64_t begin, std::uint64_t end);

    Output& output_;
    std::vector<SectionEntry> entries_;  // that have ended
    SectionEntry current_{};
    bool begun_ = false;  // that one
    std::mutex mutex_;
    std::vector<Piece> pieces_;  // of it
};

}  // namespace nearfile::file
