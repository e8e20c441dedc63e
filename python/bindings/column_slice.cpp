// Some of the rows of columns.
#include <algorithm>
#include <nearfile/error.hpp>

#include "columns.hpp"

namespace nearfile::python {

namespace {

template <class T>
void take(const std::vector<T>& from, std::uint64_t start, std::uint64_t count, std::vector<T>& to) {
    if (!from.empty()) to.assign(from.begin() + start, from.begin() + start + count);
}

// Starts of what a slice has, counted from its own first.
void take_starts(const std::vector<std::uint64_t>& from, std::uint64_t start, std::uint64_t count,
                 std::vector<std::uint64_t>& to) {
    if (from.empty()) return;
    to.resize(count + 1);
    std::transform(from.begin() + start, from.begin() + start + count + 1, to.begin(),
                   [first = from[start]](std::uint64_t each) { return each - first; });
}

Column slice(const Column& column, std::uint64_t start, std::uint64_t count) {
    if (start > rows_of(column) || count > rows_of(column) - start) {
        throw Error(ErrorCode::invalid_argument, "column '" + column.name + "': expected " +
                                                     std::to_string(start + count) + " rows, got " +
                                                     std::to_string(rows_of(column)));
    }
    Column made;
    made.name = column.name;
    made.type = column.type;
    made.ticks_per_second = column.ticks_per_second;
    made.time_zone = column.time_zone;
    take(column.missing, start, count, made.missing);
    take(column.integers, start, count, made.integers);
    take(column.numbers, start, count, made.numbers);
    take_starts(column.starts, start, count, made.starts);
    const bool lists = column.type == ColumnType::strings;
    const std::uint64_t first = lists && !column.starts.empty() ? column.starts[start] : start;
    const std::uint64_t end = lists && !column.starts.empty() ? column.starts[start + count] : start + count;
    take_starts(column.text_starts, first, end - first, made.text_starts);
    if (!column.text_starts.empty()) {
        made.text = column.text.substr(column.text_starts[first], column.text_starts[end] - column.text_starts[first]);
    }
    return made;
}

}  // namespace

std::vector<Column> slice(const std::vector<Column>& columns, std::uint64_t start, std::uint64_t count) {
    std::vector<Column> made;
    made.reserve(columns.size());
    for (const Column& column : columns) made.push_back(slice(column, start, count));
    return made;
}

}  // namespace nearfile::python
