// A file or folder that is open, as the operating system calls it: a descriptor, or a HANDLE of Windows.
#pragma once

#include <cstdint>

namespace nearfile::file {

using FileNumber = std::intptr_t;

inline constexpr FileNumber no_file = -1;

}  // namespace nearfile::file
