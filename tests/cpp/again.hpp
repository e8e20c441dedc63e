// A test of this program run by itself in another process, with a variable of the environment set.
#pragma once

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "check.hpp"

namespace nearfile::test {

using Variables = std::vector<std::pair<std::string, std::string>>;

#if defined(_WIN32)
inline std::string command_for(const std::string& test, const Variables& variables) {
    std::string command;
    for (const auto& [name, value] : variables) command += "set \"" + name + "=" + value + "\" && ";
    return command + "\"" + program() + "\" " + test + " > NUL";
}
#else
inline std::string command_for(const std::string& test, const Variables& variables) {
    std::string command;
    for (const auto& [name, value] : variables) command += name + "='" + value + "' ";
    return command + "'" + program() + "' " + test + " > /dev/null";
}
#endif

// Whether it passes there.
inline bool passes_again(const std::string& test, const Variables& variables) {
    return std::system(command_for(test, variables).c_str()) == 0;
}

}  // namespace nearfile::test
