// A type written for CPython itself: one is made in every search, and nanobind's own instances take as long again.
//
// It is no tuple, and none of Python's abstract sequences: libraries of tables look for those before they ask for
// Arrow's capsules, and would read ids and distances as two columns without names.
#include "answer.hpp"

#include <cstddef>

#include "bindings.hpp"

namespace nearfile::python {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

struct Answer {
    PyObject_HEAD         // and a macro's line has no semicolon
        PyObject* parts;  // a tuple, for as long as this lives
};

PyObject* parts_of(PyObject* self) {
    return reinterpret_cast<Answer*>(self)->parts;
}

PyTypeObject* answer_type = nullptr;  // Answer itself
PyTypeObject* given_type = nullptr;   // what answers are of, never given back

PyObject* make(PyTypeObject* type, PyObject* parts) {
    PyObject* const made = type->tp_alloc(type, 0);
    if (made == nullptr) return nullptr;
    Py_INCREF(parts);
    reinterpret_cast<Answer*>(made)->parts = parts;
    return made;
}

PyObject* make_of_arguments(PyTypeObject* type, PyObject* arguments, PyObject* names) {
    if (names == nullptr || PyDict_Size(names) == 0) return make(type, arguments);
    PyErr_SetString(PyExc_TypeError, "expected arrays without names");
    return nullptr;
}

void let_go(PyObject* self) {
    PyTypeObject* const type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_CLEAR(reinterpret_cast<Answer*>(self)->parts);
    type->tp_free(self);
    Py_DECREF(type);
}

// Nothing here can be changed, so there is no circle that could not be broken elsewhere: as of tuples.
int visit_all(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(parts_of(self));
    return 0;
}

PyObject* iterate(PyObject* self) {
    return PyObject_GetIter(parts_of(self));
}

Py_ssize_t length(PyObject* self) {
    return PyTuple_GET_SIZE(parts_of(self));
}

PyObject* item(PyObject* self, Py_ssize_t i) {
    PyObject* const found = PyTuple_GetItem(parts_of(self), i);
    Py_XINCREF(found);
    return found;
}

PyObject* subscript(PyObject* self, PyObject* key) {
    return PyObject_GetItem(parts_of(self), key);
}

template <class Function>
void* slot(Function* function) {
    return reinterpret_cast<void*>(function);
}

PyTypeObject* make_type() {
    static const char* const doc = "Arrays that unpack as a tuple does.";
    PyType_Slot slots[] = {{Py_tp_doc, const_cast<char*>(doc)}, {Py_tp_new, slot(&make_of_arguments)},
                           {Py_tp_dealloc, slot(&let_go)},      {Py_tp_traverse, slot(&visit_all)},
                           {Py_tp_iter, slot(&iterate)},        {Py_sq_length, slot(&length)},
                           {Py_sq_item, slot(&item)},           {Py_mp_length, slot(&length)},
                           {Py_mp_subscript, slot(&subscript)}, {0, nullptr}};
    unsigned flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC;
#ifdef Py_TPFLAGS_SEQUENCE
    flags |= Py_TPFLAGS_SEQUENCE;  // `case (ids, distances)` matches
#endif
    PyType_Spec spec{"nearfile._core._Answer", sizeof(Answer), 0, flags, slots};
    return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

void give_as(nb::handle type) {
    auto* const given = reinterpret_cast<PyTypeObject*>(type.ptr());
    const bool fits = PyType_Check(type.ptr()) != 0 && PyType_IsSubtype(given, answer_type) != 0 &&
                      given->tp_basicsize == answer_type->tp_basicsize;
    if (!fits) throw nb::type_error("expected a class of _Answer with no slots of its own");
    given_type = reinterpret_cast<PyTypeObject*>(type.inc_ref().ptr());
}

}  // namespace

nb::object answer(nb::object ids, nb::object distances) {
    const nb::tuple parts = nb::make_tuple(std::move(ids), std::move(distances));
    PyObject* const made = make(given_type, parts.ptr());
    if (made == nullptr) throw nb::python_error();
    return nb::steal(made);
}

void bind_answer(nb::module_& module) {
    answer_type = make_type();
    if (answer_type == nullptr) throw nb::python_error();
    given_type = answer_type;
    // Left out of the stubs, which could not say what it has: results.py does.
    module.attr("_Answer") = nb::handle(reinterpret_cast<PyObject*>(answer_type));
    module.def("give_as", &give_as, "type"_a, nb::sig("def give_as(type: type) -> None"),
               "What searches of one query return from now on.");
}

}  // namespace nearfile::python
