// What Arrow calls the types of arrays, and which column is made of one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "column_filler.hpp"

namespace nearfile::python {

// How the values of an array without children lie in its buffers.
enum class Layout {
    nothing,  // every value is missing
    bit,
    int8,
    uint8,
    int16,
    uint16,
    int32,
    uint32,
    int64,
    uint64,
    float16,
    float32,
    float64,
    text,        // with offsets of 32 bits
    large_text,  // with offsets of 64 bits
    text_view,
};

struct ArrowFormat {
    Layout layout;
    ColumnHead head;
    std::int64_t factor = 1;  // ticks of the column that a number is
};

// Of a format string; nothing where no column can be made of it.
std::optional<ArrowFormat> arrow_format(std::string_view format);

// Where the lists of an array lie.
enum class ListLayout { none, offsets32, offsets64, fixed, views32, views64 };
ListLayout arrow_list_layout(std::string_view format);

// The name of a format for people: "decimal", "struct".
std::string_view arrow_type_name(std::string_view format);

// What "+w:3" has.
std::optional<std::int64_t> arrow_list_size(std::string_view format);

// The format string of a column that is given out.
std::string format_of_column(const Column& column);

}  // namespace nearfile::python
