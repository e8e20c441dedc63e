// The one place where an Error of the core becomes a Python exception of nearfile.errors.
#include "errors.hpp"

#include <cerrno>
#include <exception>

#include "bindings.hpp"
#include "gil.hpp"
#include "text.hpp"

namespace nearfile::python {

namespace nb = nanobind;

namespace {

const char* class_of(const Error& error) {
    switch (error.code()) {
        case ErrorCode::invalid_argument:
            return "InvalidArgumentError";
        case ErrorCode::not_found:
            return "NotFoundError";
        case ErrorCode::io:
            return error.os_error() == ENOENT ? "MissingFileError" : "FileError";
        case ErrorCode::bad_file:
            return "BadFileError";
        case ErrorCode::closed:
            return "ClosedError";
        case ErrorCode::cancelled:
            return "NearfileError";
        case ErrorCode::out_of_memory:
            break;
    }
    return nullptr;
}

nb::object called(PyObject* result) {
    if (result == nullptr) throw nb::python_error();
    return nb::steal(result);
}

void set_python_error(const Error& error) {
    const char* name = class_of(error);
    if (name == nullptr) {
        PyErr_SetString(PyExc_MemoryError, error.what());
        return;
    }
    const nb::object module = called(call_python([] { return PyImport_ImportModule("nearfile.errors"); }));
    const nb::object type = module.attr(name);
    const bool about_a_file = error.code() == ErrorCode::io || error.code() == ErrorCode::bad_file;
    if (!about_a_file) {
        const nb::object message = text(error.what());
        call_python([&] { PyErr_SetObject(type.ptr(), message.ptr()); });
        return;
    }
    const auto* of_file = dynamic_cast<const ErrorOfFile*>(&error);
    const nb::object number = error.os_error() != 0 ? nb::object(nb::int_(error.os_error())) : nb::none();
    const nb::object filename = of_file != nullptr && !of_file->path().empty()
                                    ? nb::steal(PyUnicode_DecodeFSDefault(of_file->path().c_str()))
                                    : nb::none();
    const nb::object arguments = nb::make_tuple(number, text(error.what()), filename);
    const nb::object raised = called(call_python([&] { return PyObject_CallObject(type.ptr(), arguments.ptr()); }));
    call_python([&] { PyErr_SetObject(type.ptr(), raised.ptr()); });
}

}  // namespace

void bind_errors() {
    nb::register_exception_translator([](const std::exception_ptr& pointer, void*) {
        try {
            std::rethrow_exception(pointer);
        } catch (const Error& error) {
            set_python_error(error);
        }
    });
}

}  // namespace nearfile::python
