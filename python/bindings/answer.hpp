// What a search returns: arrays that unpack as a tuple does, and give themselves out as a table.
#pragma once

#include <nanobind/nanobind.h>

namespace nearfile::python {

// Of ids and distances; of the class that the package has given, results.py's.
nanobind::object answer(nanobind::object ids, nanobind::object distances);

}  // namespace nearfile::python
