#include "attributes/layout.hpp"

#include "attributes/bitmap.hpp"

namespace nearfile::attributes {

ColumnLayout layout_of(const ColumnEntry& entry, std::uint32_t count, std::uint64_t first) noexcept {
    std::uint64_t at = first;
    const auto place = [&at](bool there, std::uint64_t bytes) {
        const Extent extent{at, there ? bytes : 0};
        at = (extent.end() + alignment - 1) / alignment * alignment;
        return extent;
    };
    const bool text = has_dictionary(entry.type);
    const bool lists = entry.type == ColumnType::strings;
    const std::uint64_t bitmap_bytes = words_of(count) * sizeof(std::uint64_t);
    const std::uint64_t n_codes = lists ? entry.elements : count;
    ColumnLayout layout{};
    layout.present = place(entry.missing > 0, bitmap_bytes);
    layout.values = place(!text, entry.type == ColumnType::boolean ? bitmap_bytes : count * sizeof(std::uint64_t));
    layout.list_starts = place(lists, (std::uint64_t{count} + 1) * sizeof(std::uint32_t));
    layout.codes = place(text, n_codes * code_bytes(entry.distinct));
    layout.minima = place(has_blocks(entry.type), blocks_of(count) * sizeof(std::uint64_t));
    layout.maxima = place(has_blocks(entry.type), blocks_of(count) * sizeof(std::uint64_t));
    layout.posting_starts = place(text, (std::uint64_t{entry.distinct} + 1) * sizeof(std::uint32_t));
    layout.postings = place(text, entry.postings * sizeof(std::uint32_t));
    layout.text_starts = place(text, (std::uint64_t{entry.distinct} + 1) * text_start_bytes(entry.text_bytes));
    layout.text = place(text, entry.text_bytes);
    layout.end = at;
    return layout;
}

}  // namespace nearfile::attributes
