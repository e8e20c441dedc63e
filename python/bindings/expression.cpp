// Expressions: python/nearfile/expressions.py makes them of what users write, and says in their words what is wrong.
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include <array>
#include <nearfile/error.hpp>
#include <nearfile/expression.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "text.hpp"

namespace nearfile::python {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

Comparison comparison_of(std::string_view sign) {
    constexpr std::array<std::pair<std::string_view, Comparison>, 6> known = {{{"==", Comparison::equal},
                                                                               {"!=", Comparison::not_equal},
                                                                               {"<", Comparison::less},
                                                                               {"<=", Comparison::at_most},
                                                                               {">", Comparison::greater},
                                                                               {">=", Comparison::at_least}}};
    for (const auto& [name, comparison] : known) {
        if (name == sign) return comparison;
    }
    throw Error(ErrorCode::invalid_argument, "comparison: expected ==, !=, <, <=, > or >=, got " + std::string(sign));
}

// A pair is a timestamp: seconds and nanoseconds.
AttributeValue value_of(nb::handle value) {
    if (PyBool_Check(value.ptr())) return value.ptr() == Py_True;
    if (PyLong_Check(value.ptr())) return nb::cast<std::int64_t>(value);
    if (PyFloat_Check(value.ptr())) return PyFloat_AsDouble(value.ptr());
    if (PyUnicode_Check(value.ptr())) return nb::cast<std::string>(value);
    if (PyTuple_Check(value.ptr()) && PyTuple_Size(value.ptr()) == 2) {
        return Timestamp{nb::cast<std::int64_t>(value[0]), nb::cast<std::uint32_t>(value[1])};
    }
    throw nb::type_error("expected a bool, int, float, str, or a pair of seconds and nanoseconds");
}

Expression compare(std::string column, std::string_view comparison, nb::handle value) {
    return Expression::compare(std::move(column), comparison_of(comparison), value_of(value));
}

Expression is_in(std::string column, const nb::list& values) {
    const nb::tuple kept(values);  // another thread may change the list
    std::vector<AttributeValue> taken;
    taken.reserve(kept.size());
    for (const nb::handle value : kept) taken.push_back(value_of(value));
    return Expression::is_in(std::move(column), std::move(taken));
}

}  // namespace

void bind_expression(nb::module_& module) {
    nb::class_<Expression>(module, "Expression", "What is allowed, said of columns. It never changes.")
        .def_static("compare", &compare, "column"_a, "comparison"_a, "value"_a,
                    nb::sig("def compare(column: str, comparison: str, value: bool | int | float | str | "
                            "tuple[int, int]) -> Expression"),
                    "A comparison by its sign; a pair is a timestamp, seconds and nanoseconds.")
        .def_static("is_in", &is_in, "column"_a, "values"_a,
                    nb::sig("def is_in(column: str, values: list[bool | int | float | str | tuple[int, int]]) -> "
                            "Expression"),
                    "Equal to one of some values.")
        .def_static("is_null", &Expression::is_null, "column"_a, "Without a value.")
        .def_static("contains", &Expression::contains, "column"_a, "value"_a, "Of lists: with this string in them.")
        .def_static("parse", &Expression::parse, "text"_a, "What some text says.")
        .def(
            "both", [](const Expression& self, const Expression& other) { return self & other; }, "other"_a,
            "Where both hold.")
        .def(
            "either", [](const Expression& self, const Expression& other) { return self | other; }, "other"_a,
            "Where one of them holds, or both.")
        .def(
            "negation", [](const Expression& self) { return ~self; }, "Where it does not hold.")
        .def(
            "text", [](const Expression& self) { return text(self.text()); }, nb::sig("def text(self) -> str"),
            "As parse() takes it.");
}

}  // namespace nearfile::python
