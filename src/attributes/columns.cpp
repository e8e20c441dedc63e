#include "attributes/columns.hpp"

#include <algorithm>
#include <bit>

namespace nearfile::attributes {

std::string_view ColumnView::string(std::uint64_t code) const noexcept {
    if (code >= info.distinct) return {};
    const std::uint64_t start = text_starts[code];
    const std::uint64_t end = text_starts[code + 1];
    if (start > end || end > text.size()) return {};
    return {text.data() + start, static_cast<std::size_t>(end - start)};
}

ColumnView::Range ColumnView::list(std::uint32_t item) const noexcept {
    const std::uint32_t start = base::read_once(list_starts[item]);
    const std::uint32_t end = base::read_once(list_starts[item + std::size_t{1}]);
    if (start > end || end > codes.size()) return {};
    return {start, end - start};
}

std::span<const std::uint32_t> ColumnView::items_of(std::uint32_t first, std::uint32_t last) const noexcept {
    if (first > last || last >= info.distinct) return {};
    const std::uint32_t start = base::read_once(posting_starts[first]);
    const std::uint32_t end = base::read_once(posting_starts[last + std::size_t{1}]);
    if (start > end || end > postings.size()) return {};
    return postings.subspan(start, end - start);
}

const ColumnView* Columns::find(std::string_view name) const noexcept {
    const auto at =
        std::lower_bound(by_name_.begin(), by_name_.end(), name,
                         [this](std::uint32_t i, std::string_view wanted) { return views_[i].info.name < wanted; });
    return at != by_name_.end() && views_[*at].info.name == name ? &views_[*at] : nullptr;
}

std::vector<ColumnInfo> Columns::infos() const {
    std::vector<ColumnInfo> infos;
    for (const ColumnView& each : views_) infos.push_back(each.info);
    return infos;
}

namespace {

void read_numbers(const ColumnView& view, std::span<const std::uint32_t> items, Column& column) {
    for (const std::uint32_t item : items) {
        const bool there = view.has_value(item);
        if (view.info.type == ColumnType::boolean) {
            column.integers.push_back(there && bit_at(view.bits, item) ? 1 : 0);
            continue;
        }
        // Read as a whole number once, whatever it is.
        const auto value = there ? base::read_once(ColumnView::as<std::int64_t>(view.values)[item]) : 0;
        if (view.info.type == ColumnType::float64) {
            column.numbers.push_back(std::bit_cast<double>(value));
        } else {
            column.integers.push_back(value);
        }
    }
}

void read_strings(const ColumnView& view, std::span<const std::uint32_t> items, Column& column) {
    const bool lists = view.info.type == ColumnType::strings;
    column.text_starts.push_back(0);
    if (lists) column.starts.push_back(0);
    const auto add = [&](std::size_t at) {
        column.text += view.string(view.codes[at]);
        column.text_starts.push_back(column.text.size());
    };
    for (const std::uint32_t item : items) {
        if (lists) {
            const auto range = view.has_value(item) ? view.list(item) : ColumnView::Range{};
            for (std::size_t i = 0; i < range.size; ++i) add(range.first + i);
            column.starts.push_back(column.text_starts.size() - 1);
        } else if (view.has_value(item)) {
            add(item);
        } else {
            column.text_starts.push_back(column.text.size());
        }
    }
}

}  // namespace

std::vector<Column> Columns::values_of(std::span<const std::uint32_t> items) const {
    std::vector<Column> columns;
    for (const ColumnView& view : views_) {
        Column& column = columns.emplace_back();
        column.name = view.info.name;
        column.type = view.info.type;
        column.ticks_per_second = view.info.ticks_per_second;
        column.time_zone = view.info.time_zone;
        if (has_dictionary(column.type)) {
            read_strings(view, items, column);
        } else {
            read_numbers(view, items, column);
        }
        const auto missing = [&view](std::uint32_t item) { return !view.has_value(item); };
        if (std::none_of(items.begin(), items.end(), missing)) continue;
        for (const std::uint32_t item : items) column.missing.push_back(missing(item) ? 1 : 0);
    }
    return columns;
}

}  // namespace nearfile::attributes
