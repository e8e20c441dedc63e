// Rows of a section as they can be made: any block of them by itself, on any thread. Few want them in memory, all at
// once; a build writes them block by block, so that they are in the file and nowhere else.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/aligned_buffer.hpp"
#include "build/stages.hpp"
#include "file/section_writer.hpp"
#include "opened/description.hpp"

namespace nearfile::build {

struct RowSource {
    std::string_view stage;
    std::uint32_t count;
    std::size_t stride;
    // Rows `begin` up to, and without, `end`, one after another, over zeros.
    std::function<void(std::uint32_t begin, std::uint32_t end, std::byte* out)> fill;
    std::uint32_t rows_a_task = block_rows;
};

base::AlignedBuffer to_memory(const RowSource& rows, unsigned threads, const StageWatch& watch);

void to_section(const RowSource& rows, opened::SectionKind kind, file::SectionWriter& writer, unsigned threads,
                const StageWatch& watch);

}  // namespace nearfile::build
