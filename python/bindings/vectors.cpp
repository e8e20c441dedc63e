#include "vectors.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <nearfile/types.hpp>

#include "arrays.hpp"
#include "gil.hpp"

namespace nearfile::python {

namespace nb = nanobind;

void raise(PyObject* type, const std::string& message) {
    PyErr_SetString(type, message.c_str());
    throw nb::python_error();
}

namespace {

[[noreturn]] void raise_set() {
    throw nb::python_error();
}

}  // namespace

std::int32_t int32(nb::handle value) {
    const nb::object number = nb::steal(call_python([&] { return PyNumber_Index(value.ptr()); }));
    if (!number.is_valid()) raise_set();
    int overflow = 0;
    const long long wide = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
    if (overflow > 0 || wide > max_id) raise(PyExc_OverflowError, "signed integer is greater than maximum");
    if (overflow < 0 || wide < -max_id - 1) raise(PyExc_OverflowError, "signed integer is less than minimum");
    return static_cast<std::int32_t>(wide);
}

void check_length(Py_ssize_t length, std::size_t dim) {
    if (length == static_cast<Py_ssize_t>(dim)) return;
    raise(PyExc_IndexError,
          "Vector has wrong length (expected " + std::to_string(dim) + ", got " + std::to_string(length) + ")");
}

void check_finite(std::span<const float> row) {
    const float limit = max_length / std::sqrt(static_cast<float>(row.size()));
    bool small = true;
    for (const float value : row) small &= std::fabs(value) <= limit;
    if (small) return;
    double squares = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (!std::isfinite(row[i])) {
            raise(PyExc_ValueError, "vector: expected finite numbers that float32 can hold, got " +
                                        std::to_string(row[i]) + " at " + std::to_string(i) +
                                        ": replace it or leave the vector out");
        }
        squares += static_cast<double>(row[i]) * row[i];
    }
    if (squares > static_cast<double>(max_length) * max_length) {
        raise(PyExc_ValueError, "vector: expected a length of at most 4e18, got " + std::to_string(std::sqrt(squares)) +
                                    ": scale it down");
    }
}

namespace {

float real(nb::handle value) {
    const double wide = PyFloat_CheckExact(value.ptr()) ? PyFloat_AS_DOUBLE(value.ptr())
                                                        : call_python([&] { return PyFloat_AsDouble(value.ptr()); });
    if (wide == -1.0 && PyErr_Occurred() != nullptr) raise_set();
    return static_cast<float>(wide);
}

float from_half(std::uint16_t half) {
    const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
    const std::uint32_t exponent = (half >> 10) & 31u;
    const std::uint32_t fraction = half & 1023u;
    if (exponent == 0) {
        const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
        return sign != 0 ? -magnitude : magnitude;
    }
    const std::uint32_t wide = exponent == 31 ? 255u : exponent + 112u;
    return std::bit_cast<float>(sign | (wide << 23) | (fraction << 13));
}

template <class T>
void copy_strided(const Py_buffer& view, std::span<float> out) {
    const auto* from = static_cast<const char*>(view.buf);
    const Py_ssize_t step = view.strides != nullptr ? view.strides[0] : static_cast<Py_ssize_t>(sizeof(T));
    if (step == static_cast<Py_ssize_t>(sizeof(T)) && std::is_same_v<T, float>) {
        std::memcpy(out.data(), from, out.size_bytes());
        return;
    }
    for (float& value : out) {
        T element;
        std::memcpy(&element, from, sizeof element);  // a field of a record need not be aligned
        value = static_cast<float>(element);
        from += step;
    }
}

void copy_halves(const Py_buffer& view, std::span<float> out) {
    const auto* from = static_cast<const char*>(view.buf);
    const Py_ssize_t step = view.strides != nullptr ? view.strides[0] : static_cast<Py_ssize_t>(sizeof(std::uint16_t));
    for (float& value : out) {
        std::uint16_t half;
        std::memcpy(&half, from, sizeof half);
        value = from_half(half);
        from += step;
    }
}

// False where the elements are none of C's own real numbers.
bool copy_typed(const Py_buffer& view, std::span<float> out) {
    std::string_view format = view.format != nullptr ? view.format : "B";
    if (format.size() == 2 && format[0] == '@') format.remove_prefix(1);
    if (format.size() != 1) return false;
    switch (format[0]) {
        case 'f':
            copy_strided<float>(view, out);
            return true;
        case 'd':
            copy_strided<double>(view, out);
            return true;
        case 'e':
            copy_halves(view, out);
            return true;
        case '?':
        case 'B':
            copy_strided<unsigned char>(view, out);
            return true;
        case 'b':
            copy_strided<signed char>(view, out);
            return true;
        case 'H':
            copy_strided<unsigned short>(view, out);
            return true;
        case 'h':
            copy_strided<short>(view, out);
            return true;
        case 'I':
            copy_strided<unsigned int>(view, out);
            return true;
        case 'i':
            copy_strided<int>(view, out);
            return true;
        case 'L':
            copy_strided<unsigned long>(view, out);
            return true;
        case 'l':
            copy_strided<long>(view, out);
            return true;
        case 'Q':
            copy_strided<unsigned long long>(view, out);
            return true;
        case 'q':
            copy_strided<long long>(view, out);
            return true;
        default:
            return false;
    }
}

bool read_buffer(nb::handle vector, std::span<float> out) {
    Buffer buffer;
    if (!buffer.acquire(vector, PyBUF_FORMAT | PyBUF_STRIDES)) return false;
    const Py_buffer& view = buffer.view();
    if (view.ndim != 1) {
        raise(PyExc_TypeError, "vector: expected one dimension, got an array of " + std::to_string(view.ndim));
    }
    check_length(view.shape[0], out.size());
    return copy_typed(view, out);
}

void read_list(nb::handle list, std::span<float> out) {
    check_length(PyList_GET_SIZE(list.ptr()), out.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
        // An element's __float__ may have changed the list.
#ifdef Py_GIL_DISABLED
        const nb::object element = nb::steal(PyList_GetItemRef(list.ptr(), static_cast<Py_ssize_t>(i)));
        if (!element.is_valid()) raise_set();
#else
        check_length(PyList_GET_SIZE(list.ptr()), out.size());
        const nb::object element = nb::borrow(PyList_GET_ITEM(list.ptr(), static_cast<Py_ssize_t>(i)));
#endif
        out[i] = real(element);
    }
}

void read_tuple(nb::handle tuple, std::span<float> out) {
    check_length(PyTuple_GET_SIZE(tuple.ptr()), out.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = real(PyTuple_GET_ITEM(tuple.ptr(), static_cast<Py_ssize_t>(i)));
    }
}

void read_elements(nb::handle vector, std::span<float> out) {
    const Py_ssize_t length = call_python([&] { return PyObject_Size(vector.ptr()); });
    if (length < 0) raise_set();
    check_length(length, out.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
        const nb::object key = nb::steal(PyLong_FromSize_t(i));
        const nb::object element = nb::steal(call_python([&] { return PyObject_GetItem(vector.ptr(), key.ptr()); }));
        if (!element.is_valid()) raise_set();
        out[i] = real(element);
    }
}

}  // namespace

void read_vector(nb::handle vector, bool bits, std::span<float> out) {
    if (PyList_CheckExact(vector.ptr())) {
        read_list(vector, out);
    } else if (PyTuple_CheckExact(vector.ptr())) {
        read_tuple(vector, out);
    } else if (!PyObject_CheckBuffer(vector.ptr()) || !read_buffer(vector, out)) {
        read_elements(vector, out);
    }
    if (bits) {
        for (float& value : out) value = value > 0.5f ? 1.0f : 0.0f;
    } else {
        check_finite(out);
    }
}

}  // namespace nearfile::python
