// A table of columns that are copied from NumPy's arrays and lists of str, as a capsule of Arrow's: what a search
// found.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <memory>
#include <nearfile/error.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "arrays.hpp"
#include "arrow_given.hpp"
#include "bindings.hpp"

namespace nearfile::python {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Distances = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

struct Texts {
    std::vector<std::uint64_t> starts{0};
    std::string bytes;
};

struct TableColumn {
    std::string name;
    std::variant<std::vector<std::int64_t>, std::vector<float>, Texts> values;

    const char* format() const {
        constexpr const char* formats[] = {"l", "f", "U"};
        return formats[values.index()];
    }
    std::size_t rows() const {
        if (const auto* const texts = std::get_if<Texts>(&values)) return texts->starts.size() - 1;
        const auto* const numbers = std::get_if<std::vector<std::int64_t>>(&values);
        return numbers != nullptr ? numbers->size() : std::get<std::vector<float>>(values).size();
    }
};

using Table = std::shared_ptr<const std::vector<TableColumn>>;

Texts texts_of(const nb::tuple& values, const std::string& name) {
    Texts texts;
    for (const nb::handle value : values) {
        Py_ssize_t size = 0;
        const char* const text = PyUnicode_Check(value.ptr()) ? PyUnicode_AsUTF8AndSize(value.ptr(), &size) : nullptr;
        if (text == nullptr) {
            PyErr_Clear();
            throw Error(ErrorCode::invalid_argument,
                        "column '" + name + "': expected str that UTF-8 can hold, got " + nb::repr(value).c_str());
        }
        texts.bytes.append(text, static_cast<std::size_t>(size));
        texts.starts.push_back(texts.bytes.size());
    }
    return texts;
}

TableColumn column_of(const std::string& name, nb::handle values) {
    if (name.find('\0') != std::string::npos) {
        throw Error(ErrorCode::invalid_argument,
                    "column: expected a name without zero bytes, at which it ends in Arrow");
    }
    RowNumbers numbers;
    if (nb::try_cast(values, numbers, false))
        return {name, std::vector(numbers.data(), numbers.data() + numbers.size())};
    Distances distances;
    if (nb::try_cast(values, distances, false)) {
        return {name, std::vector(distances.data(), distances.data() + distances.size())};
    }
    if (PyList_Check(values.ptr())) return {name, texts_of(nb::tuple(nb::borrow<nb::list>(values)), name)};
    throw Error(ErrorCode::invalid_argument,
                "column '" + name + "': expected an array of int64 or float32, or a list of str");
}

void give_column(const Table& table, const TableColumn& column, ArrowArray& to) {
    auto given = std::make_unique<Given<ArrowArray>>();
    given->owner = table;
    std::int64_t buffers = 2;
    if (const auto* const texts = std::get_if<Texts>(&column.values)) {
        given->buffers = {nullptr, texts->starts.data(), texts->bytes.data()};
        buffers = 3;
    } else if (const auto* const numbers = std::get_if<std::vector<std::int64_t>>(&column.values)) {
        given->buffers = {nullptr, numbers->data()};
    } else {
        given->buffers = {nullptr, std::get<std::vector<float>>(column.values).data()};
    }
    give_array(std::move(given), static_cast<std::int64_t>(column.rows()), buffers, to);
}

void give_table(const Table& table, std::size_t rows, ArrowArray& to) {
    auto given = std::make_unique<Given<ArrowArray>>();
    given->children.resize(table->size());
    for (std::size_t i = 0; i < table->size(); ++i) give_column(table, (*table)[i], given->children[i]);
    give_array(std::move(given), static_cast<std::int64_t>(rows), 1, to);
}

void give_schema_of(const Table& table, ArrowSchema& to) {
    std::vector<ArrowSchema> children(table->size());
    for (std::size_t i = 0; i < children.size(); ++i) {
        give_schema((*table)[i].name, (*table)[i].format(), {}, children[i]);
    }
    give_table_schema(std::move(children), to);
}

nb::object arrow_table(const nb::dict& columns) {
    std::vector<TableColumn> made;
    for (const auto& [name, values] : columns) made.push_back(column_of(nb::cast<std::string>(name), values));
    const std::size_t rows = made.empty() ? 0 : made.front().rows();
    for (const TableColumn& column : made) {
        if (column.rows() == rows) continue;
        throw Error(ErrorCode::invalid_argument, "column '" + column.name + "': expected " + std::to_string(rows) +
                                                     " rows, got " + std::to_string(column.rows()));
    }
    const Table table = std::make_shared<const std::vector<TableColumn>>(std::move(made));
    return stream_capsule({.schema = [table](ArrowSchema& to) { give_schema_of(table, to); },
                           .table = [table, rows](ArrowArray& to) { give_table(table, rows, to); }});
}

}  // namespace

void bind_arrow_table(nb::module_& module) {
    module.def("arrow_table", &arrow_table, "columns"_a,
               nb::sig("def arrow_table(columns: dict[str, numpy.typing.NDArray[numpy.int64] | "
                       "numpy.typing.NDArray[numpy.float32] | list[str]]) -> object"),
               "A capsule `arrow_array_stream` of one table that is a copy of these columns.");
}

}  // namespace nearfile::python
