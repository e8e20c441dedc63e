#include "arrays.hpp"

#include <string_view>
#include <type_traits>

#include "bindings.hpp"

namespace nearfile::python {

namespace nb = nanobind;

namespace {

// Looked up once by bind_arrays() and never given back: they live as long as NumPy does.
PyObject* numpy_empty = nullptr;
PyObject* float32_type = nullptr;
PyObject* float64_type = nullptr;
PyObject* int64_type = nullptr;
PyObject* object_type = nullptr;
PyObject* plain_array = nullptr;
PyObject* mapped_array = nullptr;

nb::object empty(nb::handle shape, nb::handle type) {
    PyObject* arguments[] = {nullptr, shape.ptr(), type.ptr()};
    PyObject* array = PyObject_Vectorcall(numpy_empty, arguments + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
    if (array == nullptr) throw nb::python_error();
    return nb::steal(array);
}

template <class T>
nb::handle numpy_type() {
    if constexpr (std::is_same_v<T, float>) return float32_type;
    if constexpr (std::is_same_v<T, double>) return float64_type;
    if constexpr (std::is_same_v<T, std::int64_t>) return int64_type;
    if constexpr (std::is_same_v<T, PyObject*>) return object_type;
}

}  // namespace

void bind_arrays() {
    const nb::module_ numpy = nb::module_::import_("numpy");
    numpy_empty = numpy.attr("empty").inc_ref().ptr();
    float32_type = numpy.attr("dtype")("float32").release().ptr();
    float64_type = numpy.attr("dtype")("float64").release().ptr();
    int64_type = numpy.attr("dtype")("int64").release().ptr();
    object_type = numpy.attr("dtype")("object").release().ptr();
    plain_array = numpy.attr("ndarray").inc_ref().ptr();
    mapped_array = numpy.attr("memmap").inc_ref().ptr();
}

bool acquire_row(nb::handle object, Buffer& buffer) {
    const auto* type = reinterpret_cast<PyObject*>(Py_TYPE(object.ptr()));
    if (type != plain_array && type != mapped_array) return false;
    if (!buffer.acquire(object, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT)) return false;
    const char* format = buffer.view().format;  // null may stand for bytes
    if (buffer.view().ndim == 1 && format != nullptr && std::string_view(format) == "f") return true;
    buffer.release();
    return false;
}

template <class T>
NewArray<T>::NewArray(nb::object array) : array_(std::move(array)) {
    // The array is alive and nobody else knows it, so its memory stays where it is without its buffer being held.
    Buffer buffer;
    if (!buffer.acquire(array_, PyBUF_WRITABLE | PyBUF_C_CONTIGUOUS)) throw std::bad_alloc();
    data_ = static_cast<T*>(buffer.view().buf);
}

template <class T>
NewArray<T>::NewArray(std::size_t length) : NewArray(empty(nb::int_(length), numpy_type<T>())) {}

template <class T>
NewArray<T>::NewArray(std::size_t rows, std::size_t columns)
    : NewArray(empty(nb::make_tuple(rows, columns), numpy_type<T>())) {}

template class NewArray<float>;
template class NewArray<double>;
template class NewArray<std::int64_t>;
template class NewArray<PyObject*>;

}  // namespace nearfile::python
