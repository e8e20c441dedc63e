// A path as std::filesystem takes it. One file a system.
#pragma once

#include <filesystem>
#include <string>

namespace nearfile::file {

std::filesystem::path native_path(const std::string& path);

}  // namespace nearfile::file
