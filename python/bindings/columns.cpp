// Columns from NumPy's arrays and lists of str, and back; arrow_import.cpp and arrow_export.cpp have Arrow's.
#include "columns.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include <algorithm>
#include <array>
#include <nearfile/error.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "arrays.hpp"
#include "bindings.hpp"
#include "column_filler.hpp"
#include "text.hpp"

namespace nearfile::python {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Values = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Missing = nb::ndarray<const std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

[[noreturn]] void refuse(const std::string& column, const std::string& message) {
    throw Error(ErrorCode::invalid_argument, "column '" + column + "': " + message);
}

void take_missing(Column& column, const std::optional<Missing>& missing) {
    if (!missing) return;
    if (missing->size() != rows_of(column)) {
        refuse(column.name, "expected a byte for each of " + std::to_string(rows_of(column)) + " rows, got " +
                                std::to_string(missing->size()));
    }
    column.missing.assign(missing->data(), missing->data() + missing->size());
}

void add_integers(Columns& columns, std::string name, std::string_view type, std::uint32_t ticks_per_second,
                  std::string time_zone, const RowNumbers& values, const std::optional<Missing>& missing) {
    Column column{.name = std::move(name)};
    column.type = type == column_type_name(ColumnType::boolean)     ? ColumnType::boolean
                  : type == column_type_name(ColumnType::timestamp) ? ColumnType::timestamp
                                                                    : ColumnType::int64;
    column.ticks_per_second = ticks_per_second;
    column.time_zone = std::move(time_zone);
    column.integers.assign(values.data(), values.data() + values.size());
    take_missing(column, missing);
    columns.add(std::move(column));
}

void add_numbers(Columns& columns, std::string name, const Values& values, const std::optional<Missing>& missing) {
    Column column{.name = std::move(name)};
    column.type = ColumnType::float64;
    column.numbers.assign(values.data(), values.data() + values.size());
    take_missing(column, missing);
    columns.add(std::move(column));
}

std::string_view text_of(nb::handle value, const ColumnFiller& filler) {
    Py_ssize_t size = 0;
    const char* const text = PyUnicode_Check(value.ptr()) ? PyUnicode_AsUTF8AndSize(value.ptr(), &size) : nullptr;
    if (text != nullptr) return {text, static_cast<std::size_t>(size)};
    PyErr_Clear();
    refuse(filler.name(), "expected str that UTF-8 can hold, got " + std::string(nb::repr(value).c_str()) + " at row " +
                              std::to_string(filler.rows()));
}

void add_texts(Columns& columns, std::string name, const nb::list& values) {
    const nb::tuple kept(values);  // another thread may change the list
    ColumnFiller filler(std::move(name), {.type = ColumnType::string});
    for (const nb::handle value : kept) {
        if (value.is_none()) {
            filler.add_missing();
        } else {
            filler.add_text(text_of(value, filler));
        }
    }
    columns.add(filler.take());
}

void add_text_lists(Columns& columns, std::string name, const nb::list& values) {
    const nb::tuple kept(values);
    ColumnFiller filler(std::move(name), {.type = ColumnType::strings});
    for (const nb::handle value : kept) {
        if (value.is_none()) {
            filler.add_missing();
            continue;
        }
        for (const nb::handle element : nb::tuple(nb::borrow(value))) filler.add_to_list(text_of(element, filler));
        filler.end_list();
    }
    columns.add(filler.take());
}

const Column& at(const Columns& columns, std::size_t i) {
    if (i >= columns.all().size()) throw nb::index_error("no such column");
    return columns.all()[i];
}

nb::object text_at(const Column& column, std::uint64_t i) {
    const std::uint64_t start = column.text_starts[i];
    return text(std::string_view(column.text).substr(start, column.text_starts[i + 1] - start));
}

nb::object list_at(const Column& column, std::uint64_t row) {
    nb::list made;
    for (std::uint64_t i = column.starts[row]; i < column.starts[row + 1]; ++i) made.append(text_at(column, i));
    return std::move(made);
}

// Numbers as an array, also where they are missing; strings and lists as a list with None there.
nb::object values(const Columns& columns, std::size_t i) {
    const Column& column = at(columns, i);
    const std::size_t rows = rows_of(column);
    if (column.type == ColumnType::string || column.type == ColumnType::strings) {
        nb::list made;
        for (std::size_t row = 0; row < rows; ++row) {
            const bool missing = !column.missing.empty() && column.missing[row] != 0;
            made.append(missing                             ? nb::none()
                        : column.type == ColumnType::string ? text_at(column, row)
                                                            : list_at(column, row));
        }
        return std::move(made);
    }
    if (column.type == ColumnType::float64) {
        NewArray<double> array(rows);
        std::copy(column.numbers.begin(), column.numbers.end(), array.data());
        return array.release();
    }
    NewArray<std::int64_t> array(rows);
    std::copy(column.integers.begin(), column.integers.end(), array.data());
    return array.release();
}

nb::object missing(const Columns& columns, std::size_t i) {
    const Column& column = at(columns, i);
    if (column.missing.empty()) return nb::none();
    return nb::bytes(reinterpret_cast<const char*>(column.missing.data()), column.missing.size());
}

nb::dict head(const Columns& columns, std::size_t i) {
    const Column& column = at(columns, i);
    nb::dict told;
    told["name"] = text(column.name);
    told["type"] = text(column_type_name(column.type));
    told["ticks_per_second"] = column.ticks_per_second;
    told["time_zone"] = text(column.time_zone);
    told["rows"] = rows_of(column);
    return told;
}

}  // namespace

std::uint64_t rows_of(const Column& column) noexcept {
    if (column.type == ColumnType::float64) return column.numbers.size();
    const std::size_t starts = column.type == ColumnType::strings ? column.starts.size() : column.text_starts.size();
    if (column.type == ColumnType::string || column.type == ColumnType::strings) return starts == 0 ? 0 : starts - 1;
    return column.integers.size();
}

void bind_columns(nb::module_& module) {
    nb::class_<Columns> type(module, "Columns", "Columns of attributes, a value a row.");
    type.def(nb::init<>())
        .def("__len__", [](const Columns& self) { return self.all().size(); })
        .def("head", &head, "column"_a, nb::sig("def head(self, column: int) -> dict[str, object]"),
             "Its name, type, ticks_per_second, time_zone, and how many rows it has.")
        .def("values", &values, "column"_a,
             nb::sig("def values(self, column: int) -> numpy.typing.NDArray[numpy.float64] | "
                     "numpy.typing.NDArray[numpy.int64] | list[str | None] | list[list[str] | None]"),
             "Its values; any number where one is missing, None where a string or a list is.")
        .def("missing", &missing, "column"_a, nb::sig("def missing(self, column: int) -> bytes | None"),
             "A byte a row, 1 where there is no value; None where none is missing.")
        .def("add_integers", &add_integers, "name"_a, "type"_a, "ticks_per_second"_a, "time_zone"_a,
             "values"_a.noconvert(), "missing"_a.none().noconvert(),
             nb::sig("def add_integers(self, name: str, type: str, ticks_per_second: int, time_zone: str, "
                     "values: numpy.typing.NDArray[numpy.int64], "
                     "missing: numpy.typing.NDArray[numpy.uint8] | None) -> None"),
             "Add one of bools, whole numbers or timestamps.")
        .def("add_numbers", &add_numbers, "name"_a, "values"_a.noconvert(), "missing"_a.none().noconvert(),
             nb::sig("def add_numbers(self, name: str, values: numpy.typing.NDArray[numpy.float64], "
                     "missing: numpy.typing.NDArray[numpy.uint8] | None) -> None"),
             "Add one of floats.")
        .def("add_texts", &add_texts, "name"_a, "values"_a,
             nb::sig("def add_texts(self, name: str, values: list[str | None]) -> None"), "Add one of str.")
        .def("add_text_lists", &add_text_lists, "name"_a, "values"_a,
             nb::sig("def add_text_lists(self, name: str, values: list[collections.abc.Iterable[str] | None]) -> None"),
             "Add one of lists of str.");
    bind_arrow_import(type);
    bind_arrow_export(type);
}

}  // namespace nearfile::python
