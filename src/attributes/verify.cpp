#include "attributes/verify.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

#include "attributes/block_range.hpp"
#include "base/utf8.hpp"

namespace nearfile::attributes {
namespace {

using Fault = std::optional<std::string>;

// The bits of the last word that stand for no item.
bool ends_in_zeros(const std::uint64_t* words, std::uint32_t count) {
    return count == 0 || (words[words_of(count) - 1] & ~last_word(count)) == 0;
}

Fault check_present(const ColumnView& view) {
    if (view.present == nullptr) return {};
    if (!ends_in_zeros(view.present, view.count)) return "there are values of items that do not exist";
    std::uint64_t there = 0;
    for (std::size_t i = 0; i < words_of(view.count); ++i) there += std::popcount(view.present[i]);
    if (there + view.info.missing != view.count) return "other values are missing than it says";
    return {};
}

Fault check_bits(const ColumnView& view) {
    if (!ends_in_zeros(view.bits, view.count)) return "there are bits of items that do not exist";
    for (std::size_t i = 0; view.present != nullptr && i < words_of(view.count); ++i) {
        if ((view.bits[i] & ~view.present[i]) != 0) return "a value that is missing is not zero";
    }
    return {};
}

template <class T>
Fault check_numbers(const ColumnView& view) {
    const T* values = ColumnView::as<T>(view.values);
    for (std::uint32_t item = 0; item < view.count; ++item) {
        if (!view.has_value(item) && std::bit_cast<std::int64_t>(values[item]) != 0) {
            return "a value that is missing is not zero";
        }
    }
    for (std::uint32_t block = 0; block < blocks_of(view.count); ++block) {
        const std::uint32_t first = block * block_items;
        const auto range = block_range(values, view.present, first, first + std::min(block_items, view.count - first));
        if (std::memcmp(&range.minimum, ColumnView::as<T>(view.minima) + block, sizeof(T)) != 0 ||
            std::memcmp(&range.maximum, ColumnView::as<T>(view.maxima) + block, sizeof(T)) != 0) {
            return "a minimum or a maximum is another than its block's";
        }
    }
    return {};
}

Fault check_dictionary(const ColumnView& view) {
    std::uint64_t end = view.text_starts[0];
    if (end != 0) return "its strings do not begin where they must";
    for (std::uint32_t code = 0; code < view.info.distinct; ++code) {
        const std::uint64_t start = end;
        end = view.text_starts[code + std::size_t{1}];
        if (start > end || end > view.text.size()) return "its strings do not follow one another";
        if (!base::is_utf8(view.string(code))) return "a string is not UTF-8";
        if (code > 0 && !(view.string(code - 1) < view.string(code))) return "its strings do not ascend";
    }
    if (end != view.text.size()) return "its strings do not cover their text";
    return {};
}

// Calls `tell` with every item and code of it, in the order of the items.
template <class Tell>
Fault check_codes(const ColumnView& view, const Tell& tell) {
    const bool lists = view.info.type == ColumnType::strings;
    if (lists && (view.list_starts.front() != 0 || view.list_starts.back() != view.codes.size())) {
        return "its lists do not cover their strings";
    }
    for (std::uint32_t item = 0; item < view.count; ++item) {
        ColumnView::Range range{item, 1};
        if (lists) {
            if (view.list_starts[item] > view.list_starts[item + std::size_t{1}]) return "its lists do not follow";
            range = view.list(item);
        }
        if (!view.has_value(item)) {
            if (lists ? range.size != 0 : view.codes[item] != 0) return "a value that is missing is not zero";
            continue;
        }
        for (std::size_t i = 0; i < range.size; ++i) {
            const std::uint64_t code = view.codes[range.first + i];
            if (code >= view.info.distinct) return "a string that does not exist";
            if (!tell(item, static_cast<std::uint32_t>(code))) return "its postings are not those of its strings";
        }
    }
    return {};
}

// As encode() fills them, so they can only be these.
Fault check_strings(const ColumnView& view) {
    if (Fault fault = check_dictionary(view)) return fault;
    std::vector<std::uint32_t> starts(view.posting_starts.begin(), view.posting_starts.end());
    if (starts.front() != 0 || starts.back() != view.postings.size() || !std::is_sorted(starts.begin(), starts.end())) {
        return "its postings do not follow one another";
    }
    std::vector<std::uint32_t> next(starts);
    const auto tell = [&](std::uint32_t item, std::uint32_t code) {
        std::uint32_t& at = next[code];
        if (at > starts[code] && view.postings[at - 1] == item) return true;
        if (at == starts[code + std::size_t{1}] || base::read_once(view.postings[at]) != item) return false;
        ++at;
        return true;
    };
    if (Fault fault = check_codes(view, tell)) return fault;
    for (std::uint32_t code = 0; code < view.info.distinct; ++code) {
        if (next[code] != starts[code + std::size_t{1}] || next[code] == starts[code]) {
            return "its postings are not those of its strings";
        }
    }
    return {};
}

Fault check(const ColumnView& view) {
    if (Fault fault = check_present(view)) return fault;
    switch (view.info.type) {
        case ColumnType::boolean:
            return check_bits(view);
        case ColumnType::float64:
            return check_numbers<double>(view);
        case ColumnType::int64:
        case ColumnType::timestamp:
            return check_numbers<std::int64_t>(view);
        case ColumnType::string:
        case ColumnType::strings:
            return check_strings(view);
    }
    return {};
}

}  // namespace

base::Result<void> verify(const Columns& columns) {
    for (const ColumnView& view : columns.views()) {
        if (const Fault fault = check(view)) {
            return base::Error{base::Failure::bad_file, "column '" + view.info.name + "': " + *fault};
        }
    }
    return {};
}

}  // namespace nearfile::attributes
