#include "build/row_source.hpp"

#include <cstring>
#include <memory>

#include "base/trim.hpp"

namespace nearfile::build {

base::AlignedBuffer to_memory(const RowSource& rows, unsigned threads, const StageWatch& watch) {
    base::AlignedBuffer all = base::allocate(rows.count * rows.stride);
    run_blocks(
        rows.stage, rows.count, threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            rows.fill(begin, end, all.data() + begin * rows.stride);
        },
        watch, rows.rows_a_task);
    return all;
}

void to_section(const RowSource& rows, opened::SectionKind kind, file::SectionWriter& writer, unsigned threads,
                const StageWatch& watch) {
    base::trim_heap();  // of what made the graph
    opened::unwrap(writer.begin(static_cast<std::uint32_t>(kind), file::flag_required, rows.count * rows.stride));
    run_blocks_with(
        rows.stage, rows.count, threads,
        [&] {
            const std::size_t most = std::min(rows.rows_a_task, rows.count);
            return std::make_unique<base::AlignedBuffer>(base::allocate(most * rows.stride));
        },
        [&](base::AlignedBuffer& block, std::uint32_t begin, std::uint32_t end) {
            const auto some = block.bytes().first((end - begin) * rows.stride);
            std::memset(some.data(), 0, some.size());
            rows.fill(begin, end, some.data());
            opened::unwrap(writer.put(begin * rows.stride, some));
        },
        watch, rows.rows_a_task);
    opened::unwrap(writer.end());
}

}  // namespace nearfile::build
