// Why a path stands for no file to write: for the files of each system that follow one, target_posix.cpp and
// target_windows.cpp.
#pragma once

#include <string>

#include "base/result.hpp"

namespace nearfile::file {

base::Error is_folder(const std::string& path);
base::Error is_circle(const std::string& path);
base::Error is_too_long(const std::string& path);
base::Error is_no_regular_file(const std::string& path);

// errno where nobody or not this process may create a file in `folder`, as far as can be told without doing it; or 0.
int why_none_in(const std::string& folder);

}  // namespace nearfile::file
