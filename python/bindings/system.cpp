// What the library says about itself and the machine.
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <nearfile/nearfile.hpp>

#include "bindings.hpp"

namespace nearfile::python {

void bind_system(nanobind::module_& module) {
    module.attr("version") = NEARFILE_VERSION;
    module.attr("max_count") = max_count;
    module.attr("max_dim") = max_dim;
    module.attr("max_trees") = max_trees;
    module.def("instruction_set", &instruction_set, "The instruction set in use, by name.");
    module.def("supported_instruction_sets", &supported_instruction_sets, "Those this machine can run, slowest first.");
    module.def("cores", &cores, "The number of cores this process may use.");
}

}  // namespace nearfile::python
