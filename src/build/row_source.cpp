#include "build/row_source.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/trim.hpp"

namespace nearfile::build {
namespace {

// So much at a time, or what a task has where that is more. The system keeps what is written at once in pages that lie
// beside each other in memory, as it keeps what it reads from the disk; in pages from all over the place searches of a
// file that was just built took a sixth longer.
constexpr std::size_t bytes_a_write = std::size_t{1} << 20;

std::uint32_t rows_a_write(const RowSource& rows) noexcept {
    const std::size_t wanted = bytes_a_write / std::max<std::size_t>(1, rows.stride);
    return static_cast<std::uint32_t>(
        std::max<std::size_t>(rows.rows_a_task, std::min<std::size_t>(wanted, rows.count)));
}

}  // namespace

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
    const std::uint32_t at_once = rows_a_write(rows);
    run_blocks_with(
        rows.stage, rows.count, threads,
        [&] {
            const std::size_t most = std::min(at_once, rows.count);
            return std::make_unique<base::AlignedBuffer>(base::allocate(most * rows.stride));
        },
        [&](base::AlignedBuffer& block, std::uint32_t begin, std::uint32_t end) {
            const auto some = block.bytes().first((end - begin) * rows.stride);
            std::memset(some.data(), 0, some.size());
            rows.fill(begin, end, some.data());
            opened::unwrap(writer.put(begin * rows.stride, some));
        },
        watch, at_once);
    opened::unwrap(writer.end());
}

}  // namespace nearfile::build
