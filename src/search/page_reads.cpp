#include "search/page_reads.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "file/advice.hpp"
#include "opened/access.hpp"

namespace nearfile::search {
namespace {

using Bytes = std::span<const std::byte>;
using opened::SectionKind;

// Rows of the same length, one after another; none where they are hot, or there are none.
struct ColdRows {
    const std::byte* first = nullptr;
    std::size_t stride = 0;

    Bytes row(std::size_t item) const noexcept { return {first + item * stride, stride}; }
};

ColdRows section_of(const Index::State& state, SectionKind kind) noexcept {
    if (opened::is_hot(state, kind) || state.description.count == 0) return {};
    const Bytes bytes = state.container.section(static_cast<std::uint32_t>(kind));
    return {bytes.data(), bytes.size() / state.description.count};
}

// The upper part of vectors in two parts is `bounds`, the lower one `exact`. Else one of them is read.
std::array<ColdRows, 2> rows_of(const Index::State& state, Reading what) noexcept {
    const bool in_parts = state.vectors && state.vectors->are_in_parts();
    if (in_parts) {
        const ColdRows upper{state.vectors->row(0), state.vectors->stride()};
        const ColdRows lower{state.vectors->lower_row(0), state.vectors->stride()};
        return {what != Reading::exact ? upper : ColdRows(), what != Reading::bounds ? lower : ColdRows()};
    }
    if (state.split) return {section_of(state, SectionKind::lower_nibbles)};
    const bool by_vectors = what != Reading::bounds || state.description.code_kind == opened::CodeKind::none;
    const ColdRows vectors = by_vectors ? section_of(state, SectionKind::vectors) : ColdRows();
    return {vectors.stride > 0 ? vectors : section_of(state, SectionKind::codes)};
}

std::uintptr_t page_of(const std::byte* at) noexcept {
    return reinterpret_cast<std::uintptr_t>(at) / file::page_bytes();
}

// Items in ascending order: rows that share a page, or lie in pages side by side, are asked for together.
void ask(const ColdRows& rows, std::span<const codes::ItemId> items) noexcept {
    for (std::size_t i = 0; i < items.size();) {
        const std::byte* const start = rows.row(items[i]).data();
        const std::byte* end = start + rows.stride;
        for (++i; i < items.size() && page_of(rows.row(items[i]).data()) <= page_of(end - 1) + 1; ++i) {
            end = rows.row(items[i]).data() + rows.stride;
        }
        file::will_need({start, end});
    }
}

}  // namespace

void ask_for_pages(const Index::State& state, std::span<const codes::ItemId> items, Reading what) {
    std::array<codes::ItemId, codes::batch> sorted;
    const auto both = rows_of(state, what);
    while (!items.empty()) {
        const auto some = items.first(std::min(sorted.size(), items.size()));
        items = items.subspan(some.size());
        const auto last = std::ranges::copy(some, sorted.begin()).out;
        std::sort(sorted.begin(), last);
        for (const ColdRows& rows : both) {
            if (rows.stride > 0) ask(rows, std::span(sorted).first(some.size()));
        }
    }
}

void ask_for_stretch(const Index::State& state, std::size_t first, std::size_t count, Reading what) {
    const std::size_t all = state.description.count;
    if (first >= all) return;
    const std::size_t n = std::min(count, all - first);
    for (const ColdRows& rows : rows_of(state, what)) {
        if (rows.stride > 0) file::will_need({rows.row(first).data(), n * rows.stride});
    }
}

}  // namespace nearfile::search
