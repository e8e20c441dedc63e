// The one place where an Error of the core becomes a Python exception of nearfile.errors.
#include "errors.hpp"

#include <cerrno>
#include <exception>

#include "bindings.hpp"
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

void set_python_error(const Error& error) {
    const char* name = class_of(error);
    if (name == nullptr) {
        PyErr_SetString(PyExc_MemoryError, error.what());
        return;
    }
    const nb::object type = nb::module_::import_("nearfile.errors").attr(name);
    const bool about_a_file = error.code() == ErrorCode::io || error.code() == ErrorCode::bad_file;
    if (!about_a_file) {
        PyErr_SetObject(type.ptr(), text(error.what()).ptr());
        return;
    }
    const auto* of_file = dynamic_cast<const ErrorOfFile*>(&error);
    const nb::object number = error.os_error() != 0 ? nb::object(nb::int_(error.os_error())) : nb::none();
    const nb::object filename = of_file != nullptr && !of_file->path().empty()
                                    ? nb::steal(PyUnicode_DecodeFSDefault(of_file->path().c_str()))
                                    : nb::none();
    PyErr_SetObject(type.ptr(), type(number, text(error.what()), filename).ptr());
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
