// Answers as Annoy's methods give them: a list of ids, or a tuple of that and a list of distances. Making two lists at
// once takes half the time of two arrays that are made lists.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <span>
#include <utility>

namespace nearfile::python {

// Needs the GIL.
template <class Neighbor, class IdOf>
nanobind::object lists_of(std::span<const Neighbor> found, bool with_distances, const IdOf& id_of) {
    namespace nb = nanobind;
    const auto list_of = [&](const auto& object_of) {
        nb::object list = nb::steal(PyList_New(static_cast<Py_ssize_t>(found.size())));
        if (!list.is_valid()) throw nb::python_error();
        for (std::size_t i = 0; i < found.size(); ++i) {
            PyObject* const value = object_of(found[i]);
            if (value == nullptr) throw nb::python_error();
            PyList_SET_ITEM(list.ptr(), static_cast<Py_ssize_t>(i), value);  // takes the reference
        }
        return list;
    };
    nb::object ids = list_of([&](const Neighbor& each) { return PyLong_FromLongLong(id_of(each)); });
    if (!with_distances) return ids;
    return nb::make_tuple(std::move(ids),
                          list_of([](const Neighbor& each) { return PyFloat_FromDouble(each.distance); }));
}

}  // namespace nearfile::python
