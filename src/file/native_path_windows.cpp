#include "file/calls_windows.hpp"
#include "file/native_path.hpp"

namespace nearfile::file {

std::filesystem::path native_path(const std::string& path) {
    return wide_path(path);
}

}  // namespace nearfile::file
