// The whole check of a file, in time proportional to its size: checksums, then everything that refers to something
// else.
#pragma once

#include <string>

#include "opened/description.hpp"
#include "opened/state.hpp"

namespace nearfile::opened {

// Throws Error(bad_file) that says what does not hold in which section.
[[noreturn]] void raise_damaged(const Index::State& state, SectionKind section, const std::string& what);

// Throws Error(bad_file) that names the section at fault.
void verify(const Index::State& state);

}  // namespace nearfile::opened
