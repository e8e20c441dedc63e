// The extension module nearfile._core: what Python calls, one bind_* per bound type. The package wraps it; users never
// do.
#include "bindings.hpp"

NB_MODULE(_core, module) {
    module.doc() = "The C++ core of nearfile. Private: use the package's own functions and classes.";
    // Users keep indexes in globals, and an interpreter that exits need not have dropped them all.
    nanobind::set_leak_warnings(false);
    nearfile::python::bind_arrays();
    nearfile::python::bind_errors();
    nearfile::python::bind_answer(module);
    nearfile::python::bind_system(module);
    nearfile::python::bind_index(module);
    nearfile::python::bind_builder(module);
    nearfile::python::bind_items(module);
    nearfile::python::bind_expression(module);
    nearfile::python::bind_columns(module);
    nearfile::python::bind_arrow_table(module);
    nearfile::python::bind_arrow_vectors(module);
    nearfile::python::bind_annoy_file(module);
    nearfile::python::bind_segments(module);
}
