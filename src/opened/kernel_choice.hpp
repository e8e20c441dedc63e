// The kernels in use, or Error(invalid_argument) where NEARFILE_ISA asks for what is not to be had.
#pragma once

#include "kernels/kernels.hpp"

namespace nearfile::opened {

const kernels::Kernels& chosen_kernels();

}  // namespace nearfile::opened
