// The one exception type of the public API: what went wrong, as a code to branch on and a message to read.
//
// Every message says what was expected, what came, and what to do about it.
#pragma once

#include <stdexcept>
#include <string>

namespace nearfile {

enum class ErrorCode {
    invalid_argument,  // a value the caller passed
    not_found,         // an id or a row that is not in the index
    io,                // the operating system refused; os_error() is its errno
    bad_file,          // not a nearfile, damaged, truncated, or from a newer version
    closed,            // the index was closed
    cancelled,         // the progress function asked to stop
    out_of_memory,
};

class Error : public std::runtime_error {
public:
    Error(ErrorCode code, const std::string& message, int os_error = 0)
        : std::runtime_error(message), code_(code), os_error_(os_error) {}

    ErrorCode code() const noexcept { return code_; }
    int os_error() const noexcept { return os_error_; }

private:
    ErrorCode code_;
    int os_error_;
};

}  // namespace nearfile
