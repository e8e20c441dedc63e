// What the binding files share: one bind_* function each, called once by module.cpp with the GIL held.
#pragma once

#include <nanobind/nanobind.h>

namespace nearfile::python {

class SharedIndex;
class Columns;

void bind_arrays();
void bind_answer(nanobind::module_& module);
void bind_arrow_table(nanobind::module_& module);
void bind_arrow_vectors(nanobind::module_& module);
void bind_errors();
void bind_system(nanobind::module_& module);
void bind_index(nanobind::module_& module);
void bind_builder(nanobind::module_& module);
void bind_items(nanobind::module_& module);
void bind_expression(nanobind::module_& module);
void bind_columns(nanobind::module_& module);
void bind_annoy_file(nanobind::module_& module);
void bind_segments(nanobind::module_& module);

// The parts of bind_index that search.cpp, radius.cpp, nearest.cpp, inspection.cpp, attributes.cpp and filter.cpp have.
void bind_search(nanobind::class_<SharedIndex>& type);
void bind_radius(nanobind::class_<SharedIndex>& type);
void bind_nearest(nanobind::class_<SharedIndex>& type);
void bind_inspection(nanobind::class_<SharedIndex>& type);
void bind_filter(nanobind::module_& module, nanobind::class_<SharedIndex>& type);
void bind_attributes(nanobind::class_<SharedIndex>& type);

// The parts of bind_columns that arrow_import.cpp and arrow_export.cpp have.
void bind_arrow_import(nanobind::class_<Columns>& type);
void bind_arrow_export(nanobind::class_<Columns>& type);

}  // namespace nearfile::python
