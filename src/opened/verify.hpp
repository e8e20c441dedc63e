// The whole check of a file, in time proportional to its size: checksums, then everything that refers to something
// else.
#pragma once

#include "opened/state.hpp"

namespace nearfile::opened {

// Throws Error(bad_file) that names the section at fault.
void verify(const Index::State& state);

}  // namespace nearfile::opened
