// Columns given out as Arrow's capsules, which share our memory: it stays for as long as whoever took them needs it.
#include <algorithm>
#include <memory>
#include <nearfile/error.hpp>
#include <string>
#include <utility>
#include <vector>

#include "arrow_format.hpp"
#include "arrow_given.hpp"
#include "bindings.hpp"
#include "columns.hpp"

namespace nearfile::python {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Shared = std::shared_ptr<const std::vector<Column>>;
using Bits = std::vector<std::uint8_t>;

void give_schema_of(const std::vector<Column>& columns, ArrowSchema& to) {
    std::vector<ArrowSchema> children(columns.size());
    for (std::size_t i = 0; i < children.size(); ++i) {
        const Column& column = columns[i];
        std::vector<ArrowSchema> elements(column.type == ColumnType::strings ? 1 : 0);
        if (!elements.empty()) give_schema("item", "U", {}, elements.front());
        give_schema(column.name, format_of_column(column), std::move(elements), children[i]);
    }
    give_table_schema(std::move(children), to);
}

template <class Holds>
Bits bits_where(std::size_t rows, const Holds& holds) {
    Bits bits((rows + 7) / 8);
    for (std::size_t i = 0; i < rows; ++i) bits[i / 8] |= static_cast<std::uint8_t>((holds(i) ? 1 : 0) << i % 8);
    return bits;
}

void give_texts(const Shared& columns, const Column& column, ArrowArray& to) {
    auto given = std::make_unique<Given<ArrowArray>>();
    given->owner = columns;
    given->buffers = {nullptr, starts_or_zero(column.text_starts), column.text.data()};
    const std::size_t texts = column.text_starts.empty() ? 0 : column.text_starts.size() - 1;
    give_array(std::move(given), static_cast<std::int64_t>(texts), 3, to);
}

void give_column(const Shared& columns, const Column& column, std::size_t rows, ArrowArray& to) {
    auto given = std::make_unique<Given<ArrowArray>>();
    given->owner = columns;
    const auto missing = static_cast<std::int64_t>(std::count(column.missing.begin(), column.missing.end(), 1));
    if (missing > 0) {
        given->bits[0] = bits_where(rows, [&](std::size_t i) { return column.missing[i] == 0; });
        given->buffers[0] = given->bits[0].data();
    }
    std::int64_t buffers = 2;
    switch (column.type) {
        case ColumnType::boolean:
            given->bits[1] = bits_where(rows, [&](std::size_t i) { return column.integers[i] != 0; });
            given->buffers[1] = given->bits[1].data();
            break;
        case ColumnType::int64:
        case ColumnType::timestamp:
            given->buffers[1] = column.integers.data();
            break;
        case ColumnType::float64:
            given->buffers[1] = column.numbers.data();
            break;
        case ColumnType::string:
            given->buffers[1] = starts_or_zero(column.text_starts);
            given->buffers[2] = column.text.data();
            buffers = 3;
            break;
        case ColumnType::strings:
            given->buffers[1] = starts_or_zero(column.starts);
            given->children.resize(1);
            give_texts(columns, column, given->children.front());
            break;
    }
    give_array(std::move(given), static_cast<std::int64_t>(rows), buffers, to);
    to.null_count = missing;
}

void give_table(const Shared& columns, std::size_t rows, ArrowArray& to) {
    auto given = std::make_unique<Given<ArrowArray>>();
    given->owner = columns;
    given->children.resize(columns->size());
    for (std::size_t i = 0; i < columns->size(); ++i) give_column(columns, (*columns)[i], rows, given->children[i]);
    give_array(std::move(given), static_cast<std::int64_t>(rows), 1, to);
}

nb::object stream(const Columns& columns, std::size_t rows) {
    for (const Column& column : columns.all()) {
        if ((column.name + column.time_zone).find('\0') != std::string::npos) {
            throw Error(ErrorCode::invalid_argument, "column '" + column.name +
                                                         "': expected a name and a time zone without zero bytes, at "
                                                         "which they end in Arrow: take to_dict()");
        }
        if (rows_of(column) == rows) continue;
        throw Error(ErrorCode::invalid_argument, "column '" + column.name + "': expected " + std::to_string(rows) +
                                                     " rows, got " + std::to_string(rows_of(column)));
    }
    return stream_capsule(
        {.schema = [shared = columns.shared()](ArrowSchema& to) { give_schema_of(*shared, to); },
         .table = [shared = columns.shared(), rows](ArrowArray& to) { give_table(shared, rows, to); }});
}

}  // namespace

void bind_arrow_export(nb::class_<Columns>& type) {
    type.def("arrow_stream", &stream, "rows"_a, nb::sig("def arrow_stream(self, rows: int) -> object"),
             "A capsule `arrow_array_stream` of one table, which shares the memory.");
}

}  // namespace nearfile::python
