// The file that a path to write to stands for. atomic_file.cpp writes it; whoever works long for what is to be written
// asks check_target() before.
#pragma once

#include <string>

#include "base/result.hpp"

namespace nearfile::file {

struct Target {
    std::string path;  // links followed, to where the last one leads, whether anything is there or not
    std::string folder;
    std::string name;
    bool exists = false;
    unsigned permissions = 0;  // where it exists; Windows has others, which a file gets when it is created
};

// Refuses what is no regular file, what ends in a slash, and links that lead round in a circle. (Windows: and links
// that lead to nothing, and the names of devices.)
base::Result<Target> find_target(const std::string& path);

// Refuses what AtomicFile would, as far as can be told without writing: also a folder that is not there or that
// lets nobody create files.
base::Result<void> check_target(const std::string& path);

// Why no file can be created in the folder of `path`, which has said errno `code`.
base::Error folder_error(const std::string& path, const Target& target, int code);

}  // namespace nearfile::file
