#include "arrow_values.hpp"

#include <string_view>

#include "arrow_buffers.hpp"

namespace nearfile::python {
namespace {

std::string_view format_of(const ArrowSchema& schema, const std::string& column) {
    if (schema.format == nullptr) refuse_damaged(column, "no type");
    return schema.format;
}

[[noreturn]] void refuse_type(std::string_view format, const std::string& column) {
    refuse_column(
        column,
        "expected bools, whole numbers, floats, dates, timestamps, strings or lists of strings, got the Arrow "
        "type " +
            std::string(arrow_type_name(format)) + " ('" + std::string(format) +
            "'): cast it to one of these, or leave the column out");
}

// Of a type that is neither a dictionary nor a list.
ArrowFormat plain_format(const ArrowSchema& schema, const std::string& column) {
    const std::string_view format = format_of(schema, column);
    const auto known = arrow_format(format);
    if (!known || schema.dictionary != nullptr) refuse_type(format, column);
    return *known;
}

const ArrowSchema& element_schema(const ArrowSchema& schema, const std::string& column) {
    if (schema.n_children != 1 || schema.children == nullptr || *schema.children == nullptr) {
        refuse_damaged(column, "lists of no type");
    }
    return **schema.children;
}

std::unique_ptr<ArrowValues> plain_values(const ArrowSchema& schema, const ArrowArray& array,
                                          const std::string& column) {
    const ArrowFormat format = plain_format(schema, column);
    if (format.layout == Layout::text_view) {
        // The last buffer has the lengths of those between.
        check_shape(array, array.n_buffers < 3 ? 3 : array.n_buffers, 0, column);
        return arrow_texts(format.layout, array, column);
    }
    if (format.layout == Layout::nothing) return arrow_numbers(format, array, column);  // which may have any buffers
    const bool text = format.layout == Layout::text || format.layout == Layout::large_text;
    check_shape(array, text ? 3 : 2, 0, column);
    return text ? arrow_texts(format.layout, array, column) : arrow_numbers(format, array, column);
}

std::unique_ptr<ArrowValues> flat_values(const ArrowSchema& schema, const ArrowArray& array,
                                         const std::string& column) {
    if (schema.dictionary == nullptr) return plain_values(schema, array, column);
    check_shape(array, 2, 0, column);
    check_extent(array.dictionary, column);
    const auto indices = arrow_format(format_of(schema, column));
    if (!indices) refuse_damaged(column, "a dictionary whose places are no whole numbers");
    return arrow_dictionary(indices->layout, array, plain_values(*schema.dictionary, *array.dictionary, column),
                            column);
}

}  // namespace

void ArrowValues::add_to_list(std::int64_t, ColumnFiller& to) const {
    refuse_column(to.name(), "expected a string in every place of a list, got a missing one at row " +
                                 std::to_string(to.rows()) + ": leave it out of the list");
}

void check_extent(const ArrowArray* array, const std::string& column) {
    if (array == nullptr) refuse_damaged(column, "a part that is not there");
    if (array->length < 0 || array->length > most_arrow_rows || array->offset < 0 || array->offset > most_arrow_rows) {
        refuse_damaged(column, std::to_string(array->length) + " rows from " + std::to_string(array->offset));
    }
}

void check_shape(const ArrowArray& array, std::int64_t buffers, std::int64_t children, const std::string& column) {
    if (array.n_buffers != buffers || (buffers > 0 && array.buffers == nullptr)) {
        refuse_damaged(column,
                       std::to_string(array.n_buffers) + " buffers where its type has " + std::to_string(buffers));
    }
    if (array.n_children != children || (children > 0 && array.children == nullptr)) {
        refuse_damaged(column,
                       std::to_string(array.n_children) + " children where its type has " + std::to_string(children));
    }
}

ColumnHead arrow_head(const ArrowSchema& schema, const std::string& column) {
    const std::string_view format = format_of(schema, column);
    if (schema.dictionary != nullptr) return plain_format(*schema.dictionary, column).head;
    const ListLayout lists = arrow_list_layout(format);
    if (lists == ListLayout::none) return plain_format(schema, column).head;
    if (lists == ListLayout::fixed && !arrow_list_size(format)) refuse_damaged(column, "lists of no size");
    const ArrowSchema& element = element_schema(schema, column);
    const ArrowFormat strings = plain_format(element.dictionary == nullptr ? element : *element.dictionary, column);
    if (strings.head.type != ColumnType::string) {
        refuse_column(column, "expected strings in its lists, got the Arrow type " +
                                  std::string(arrow_type_name(format_of(element, column))) +
                                  ": cast them to strings, or leave the column out");
    }
    return {.type = ColumnType::strings};
}

std::unique_ptr<ArrowValues> arrow_values(const ArrowSchema& schema, const ArrowArray& array,
                                          const std::string& column) {
    check_extent(&array, column);
    const std::string_view format = format_of(schema, column);
    const ListLayout lists = arrow_list_layout(format);
    if (lists == ListLayout::none) return flat_values(schema, array, column);
    const bool views = lists == ListLayout::views32 || lists == ListLayout::views64;
    check_shape(array, views ? 3 : lists == ListLayout::fixed ? 1 : 2, 1, column);
    check_extent(array.children[0], column);
    const std::int64_t size = lists == ListLayout::fixed ? arrow_list_size(format).value_or(0) : 0;
    return arrow_list(lists, size, array, flat_values(element_schema(schema, column), *array.children[0], column),
                      column);
}

}  // namespace nearfile::python
