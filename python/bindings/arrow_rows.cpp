#include "arrow_rows.hpp"

#include <algorithm>
#include <nearfile/error.hpp>
#include <string_view>

#include "arrow_buffers.hpp"
#include "arrow_lists.hpp"
#include "arrow_values.hpp"

namespace nearfile::python {
namespace {

[[noreturn]] void refuse(const std::string& what, const std::string& message) {
    throw Error(ErrorCode::invalid_argument, what + ": " + message);
}

[[noreturn]] void refuse_type(std::string_view format, const std::string& what) {
    refuse(what, "expected numbers, lists of numbers of one length, or strings, got the Arrow type " +
                     std::string(arrow_type_name(format)) + " ('" + std::string(format) +
                     "'): cast it to one of these, or leave the column out");
}

[[noreturn]] void refuse_missing(const std::string& what, std::int64_t row) {
    refuse(what, "expected a value in every place, got none at row " + std::to_string(row) +
                     ": drop such rows, or fill the gaps");
}

std::string_view format_of(const ArrowSchema& schema, const std::string& what) {
    if (schema.format == nullptr) refuse_damaged(what, "no type");
    return schema.format;
}

// Bytes a value; 0 of bits, which lie eight in a byte.
std::size_t width_of(Layout layout) {
    switch (layout) {
        case Layout::int8:
        case Layout::uint8:
            return 1;
        case Layout::int16:
        case Layout::uint16:
        case Layout::float16:
            return 2;
        case Layout::int32:
        case Layout::uint32:
        case Layout::float32:
            return 4;
        case Layout::int64:
        case Layout::uint64:
        case Layout::float64:
            return 8;
        default:
            return 0;
    }
}

// Of bools, whole numbers and floats: moments are none, though they lie as numbers do.
std::optional<Layout> number_layout(const ArrowSchema& schema, const std::string& what) {
    const std::string_view format = format_of(schema, what);
    if (schema.dictionary != nullptr || format.size() != 1) return std::nullopt;
    const auto known = arrow_format(format);
    if (!known || (known->layout != Layout::bit && width_of(known->layout) == 0)) return std::nullopt;
    return known->layout;
}

// `count` numbers from `start` on, counted from the array's offset, of rows of `dim`.
void take_numbers(const ArrowArray& array, std::int64_t start, std::int64_t count, std::int64_t dim,
                  const std::string& what, ArrowRows& to) {
    check_shape(array, 2, 0, what);
    if (start < 0 || count < 0 || start > array.length - count) {
        refuse_damaged(what, "lists beyond its " + std::to_string(array.length) + " values");
    }
    const ArrowBits present(array, 0);
    for (std::int64_t i = 0; !present.is_absent() && array.null_count != 0 && i < count; ++i) {
        if (!present[start + i]) refuse_missing(what, i / std::max<std::int64_t>(dim, 1));
    }
    if (count > 0 && array.buffers[1] == nullptr) refuse_damaged(what, "rows and nothing in buffer 1");
    if (to.layout != Layout::bit) {
        const auto width = static_cast<std::int64_t>(width_of(to.layout));
        if (count > 0) to.lying = static_cast<const std::uint8_t*>(array.buffers[1]) + (array.offset + start) * width;
        return;
    }
    const ArrowBits bits(array, 1);
    for (std::int64_t i = 0; i < count; ++i) to.own.push_back(bits[start + i] ? 1 : 0);
}

template <class Lists>
void take_lists(const Lists& lists, const ArrowArray& array, std::int64_t start, const std::string& what,
                ArrowRows& to) {
    const ArrowBits present(array, 0);
    bool together = true;
    std::int64_t first = 0;
    std::int64_t dim = 0;
    for (std::int64_t i = 0; i < to.rows; ++i) {
        if (!present[start + i]) refuse_missing(what, i);
        const Extent row = lists[start + i];
        if (row.start < 0 || row.end < row.start || row.end > array.children[0]->length) {
            refuse_damaged(what, "a list beyond its values at row " + std::to_string(i));
        }
        if (i == 0) {
            first = row.start;
            dim = row.end - row.start;
        }
        if (row.end - row.start != dim) {
            refuse(what, "expected rows of equal length, got " + std::to_string(dim) + " values in row 0 and " +
                             std::to_string(row.end - row.start) + " in row " + std::to_string(i) +
                             ": leave such rows out, or fill them up");
        }
        together = together && row.start == first + i * dim;
    }
    to.dim = dim;
    if (together) return take_numbers(*array.children[0], first, to.rows * dim, dim, what, to);
    for (std::int64_t i = 0; i < to.rows; ++i) {  // views may lie in any order
        ArrowRows row{.layout = to.layout};
        take_numbers(*array.children[0], lists[start + i].start, dim, dim, what, row);
        const auto* const bytes = static_cast<const std::uint8_t*>(row.values());
        const std::size_t width = std::max<std::size_t>(width_of(to.layout), 1);
        to.own.insert(to.own.end(), bytes, bytes + static_cast<std::size_t>(dim) * width);
    }
}

void take_any_lists(ListLayout layout, std::int64_t size, const ArrowArray& array, std::int64_t start,
                    const std::string& what, ArrowRows& to) {
    const bool views = layout == ListLayout::views32 || layout == ListLayout::views64;
    check_shape(array, views ? 3 : layout == ListLayout::fixed ? 1 : 2, 1, what);
    check_extent(array.children[0], what);
    if (to.rows == 0) return;
    switch (layout) {
        case ListLayout::fixed:
            return take_lists(FixedLists(array, size), array, start, what, to);
        case ListLayout::offsets32:
            return take_lists(OffsetLists<std::int32_t>(array, what), array, start, what, to);
        case ListLayout::offsets64:
            return take_lists(OffsetLists<std::int64_t>(array, what), array, start, what, to);
        case ListLayout::views32:
            return take_lists(ViewLists<std::int32_t>(array, what), array, start, what, to);
        case ListLayout::views64:
            return take_lists(ViewLists<std::int64_t>(array, what), array, start, what, to);
        case ListLayout::none:
            break;
    }
}

void take_texts(const ArrowSchema& schema, const ArrowArray& array, std::int64_t start, const std::string& what,
                ArrowRows& to) {
    const auto values = arrow_values(schema, array, what);
    ColumnFiller filler(what, {.type = ColumnType::string});
    for (std::int64_t i = 0; i < to.rows; ++i) values->add(start + i, filler);
    const Column column = filler.take();
    for (std::int64_t i = 0; i < to.rows; ++i) {
        if (!column.missing.empty() && column.missing[i] != 0) refuse_missing(what, i);
        to.texts.push_back(
            column.text.substr(column.text_starts[i], column.text_starts[i + 1] - column.text_starts[i]));
    }
}

}  // namespace

ArrowRows arrow_rows(const ArrowSchema& schema, const ArrowArray* array, std::int64_t start, std::int64_t rows,
                     const std::string& what) {
    ArrowRows made{.rows = rows};
    const std::string_view format = format_of(schema, what);
    if (const auto layout = number_layout(schema, what)) {
        made.layout = *layout;
        if (array != nullptr) take_numbers(*array, start, rows, 1, what, made);
        return made;
    }
    const ListLayout lists = arrow_list_layout(format);
    if (lists != ListLayout::none) {
        const bool has_element = schema.n_children == 1 && schema.children != nullptr && *schema.children != nullptr;
        if (!has_element) refuse_damaged(what, "lists of no type");
        const auto layout = number_layout(**schema.children, what);
        if (!layout) refuse_type(format_of(**schema.children, what), what);
        const auto size = lists == ListLayout::fixed ? arrow_list_size(format) : std::optional<std::int64_t>(0);
        if (!size) refuse_damaged(what, "lists of no size");
        made.layout = *layout;
        made.dim = size;
        if (array != nullptr) take_any_lists(lists, *size, *array, start, what, made);
        return made;
    }
    const ArrowSchema& plain = schema.dictionary == nullptr ? schema : *schema.dictionary;
    const auto known = arrow_format(format_of(plain, what));
    const bool text = known && (known->layout == Layout::text || known->layout == Layout::large_text ||
                                known->layout == Layout::text_view);
    if (!text) refuse_type(format_of(plain, what), what);
    made.layout = Layout::text;
    if (array != nullptr) take_texts(schema, *array, start, what, made);
    return made;
}

}  // namespace nearfile::python
