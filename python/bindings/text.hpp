// Text of the core as Python's str.
#pragma once

#include <nanobind/nanobind.h>

#include <string_view>

namespace nearfile::python {

// What is no UTF-8, as in a damaged file or a strange path, is shown with replacement characters and does not raise.
inline nanobind::object text(std::string_view bytes) {
    PyObject* made = PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "replace");
    if (made == nullptr) throw nanobind::python_error();
    return nanobind::steal(made);
}

}  // namespace nearfile::python
