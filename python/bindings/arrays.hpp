// NumPy arrays made and filled here, and buffers of floats read without copying, at the least cost for a call.
//
// Making an array with numpy.empty and writing into its buffer takes half the time of exporting memory of our own as an
// ndarray (0.65 against 1.3 microseconds for a whole call with one array in and two out). Larger arguments, where this
// does not matter, come in as nanobind::ndarray. Every function needs the GIL; the memory may be used without it.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nearfile/types.hpp>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "gil.hpp"

namespace nearfile::python {

// Read-only rows of floats, as inputs.py makes them.
using Rows = nanobind::ndarray<const float, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;
// Arrays of the caller's, which a search writes into.
using RowsToFill = nanobind::ndarray<float, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;
using NumbersToFill = nanobind::ndarray<std::int64_t, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;
using RowMatrix = nanobind::ndarray<const std::int64_t, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;
using RowNumbers = nanobind::ndarray<const std::int64_t, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;

// A number that is no row stays none when made narrower: every row is below max_count.
inline std::uint32_t row_number(std::int64_t number) noexcept {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(static_cast<std::uint64_t>(number), max_count));
}
inline std::vector<std::uint32_t> row_numbers(const RowNumbers& numbers) {
    std::vector<std::uint32_t> rows(numbers.size());
    std::transform(numbers.data(), numbers.data() + numbers.size(), rows.begin(), row_number);
    return rows;
}

// The buffer of a Python object, held for as long as this lives.
class Buffer {
public:
    Buffer() = default;
    ~Buffer() { release(); }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    // False, with no Python error set, where the object has no buffer of this kind.
    bool acquire(nanobind::handle object, int flags) {
        held_ = call_python([&] { return PyObject_GetBuffer(object.ptr(), &view_, flags); }) == 0;
        if (!held_) PyErr_Clear();
        return held_;
    }
    void release() {
        if (held_) call_python([&] { PyBuffer_Release(&view_); });
        held_ = false;
    }
    const Py_buffer& view() const { return view_; }

private:
    Py_buffer view_{};
    bool held_ = false;
};

// True, with the floats in `buffer`, where `object` is one C-contiguous row of native float32 in a plain array of NumPy
// or a mapped one. Another type may mean more than its buffer has, as a masked array does: Python looks at that.
bool acquire_row(nanobind::handle object, Buffer& buffer);

inline std::span<const float> floats(const Buffer& buffer) {
    return {static_cast<const float*>(buffer.view().buf), static_cast<std::size_t>(buffer.view().shape[0])};
}

// A new array that this function's caller fills. T is float, double or std::int64_t, or PyObject* by set() alone.
template <class T>
class NewArray {
public:
    explicit NewArray(std::size_t length);
    NewArray(std::size_t rows, std::size_t columns);

    T* data() const { return data_; }
    // In the place of the None that every place has.
    void set(std::size_t i, nanobind::object value) const
        requires std::is_same_v<T, PyObject*>
    {
        PyObject* const none = std::exchange(data_[i], value.release().ptr());
        Py_XDECREF(none);
    }
    nanobind::object release() { return std::move(array_); }

private:
    explicit NewArray(nanobind::object array);

    nanobind::object array_;
    T* data_ = nullptr;
};

// An array of what `each` gives for every place.
template <class Each>
nanobind::object new_objects(std::size_t length, const Each& each) {
    NewArray<PyObject*> made(length);
    for (std::size_t i = 0; i < length; ++i) made.set(i, each(i));
    return made.release();
}

}  // namespace nearfile::python
