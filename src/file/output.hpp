// Where a file's bytes go while it is made: to a file that takes another's place when it is complete (atomic_file.hpp),
// or to memory (memory_file.hpp). SectionWriter writes to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/result.hpp"

namespace nearfile::file {

class Output {
public:
    virtual ~Output() = default;

    // Room for so many bytes in all, before the last of them are written. For one thread, while no other writes; what
    // was read may have moved.
    virtual base::Result<void> make_room(std::uint64_t bytes) = 0;

    // Into that room. From any number of threads at once, to places that do not overlap.
    virtual base::Result<void> write(std::uint64_t at, std::span<const std::byte> bytes) = 0;

    // All of the room as it is now, to be read. `owner` keeps it mapped; in memory there is none, and it lasts until
    // more room is made.
    struct View {
        std::span<const std::byte> bytes;
        std::shared_ptr<const void> owner;
    };
    virtual base::Result<View> read() = 0;
};

}  // namespace nearfile::file
