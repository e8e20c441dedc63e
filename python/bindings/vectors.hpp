// Reading one vector from whatever Python object holds it, as Annoy's add_item does: a list, a tuple, a buffer of any
// real type, or anything with len() and []. What cannot be read raises Python's own exceptions, in Annoy's words.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

namespace nearfile::python {

[[noreturn]] void raise(PyObject* type, const std::string& message);

inline constexpr std::int64_t max_id = std::numeric_limits<std::int32_t>::max();

// A whole number of 32 bits.
std::int32_t int32(nanobind::handle value);

void check_length(Py_ssize_t length, std::size_t dim);

// What the index will refuse is refused when it is added: values that are not finite, and vectors so long that squares
// of them overflow.
void check_finite(std::span<const float> row);

// Fills `out`; for bits, values above a half become one and the others zero.
void read_vector(nanobind::handle vector, bool bits, std::span<float> out);

}  // namespace nearfile::python
