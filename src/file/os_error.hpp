// Failures of the operating system as errors. mapping.cpp, target.cpp and atomic_file.cpp are the callers; these and
// temporary.cpp are the only files here that speak to it.
#pragma once

#include <string>
#include <system_error>

#include "base/result.hpp"

namespace nearfile::file {

inline std::string quoted(const std::string& path) {
    return "'" + path + "'";
}

// `what` failed with errno `code`; `advice` is what to do.
inline base::Error os_error(const std::string& what, int code, const std::string& advice) {
    return {base::Failure::io, what + ": " + std::generic_category().message(code) + "; " + advice, code};
}

// The operating system would take a path with a zero byte for a shorter one, another file.
inline bool has_zero_byte(const std::string& path) {
    return path.find('\0') != std::string::npos;
}

inline base::Error zero_byte_error() {
    return {base::Failure::invalid_argument, "the path contains a zero byte, which no file name can; check the path"};
}

}  // namespace nearfile::file
