// Paths for what a test makes and removes.
#pragma once

#include <filesystem>
#include <random>
#include <string>

namespace nearfile::test {

// One that nothing has, in the folder of the system for such.
inline std::string temporary_path(const std::string& start) {
    std::random_device random;
    const std::string name = start + std::to_string(random()) + "-" + std::to_string(random());
    return (std::filesystem::temp_directory_path() / name).string();
}

}  // namespace nearfile::test
