#include "file/native_path.hpp"

namespace nearfile::file {

std::filesystem::path native_path(const std::string& path) {
    return path;
}

}  // namespace nearfile::file
