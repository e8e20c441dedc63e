#include "opened/errors.hpp"

namespace nearfile::opened {

using base::Failure;

static_assert(static_cast<int>(Failure::invalid_argument) == static_cast<int>(ErrorCode::invalid_argument));
static_assert(static_cast<int>(Failure::not_found) == static_cast<int>(ErrorCode::not_found));
static_assert(static_cast<int>(Failure::io) == static_cast<int>(ErrorCode::io));
static_assert(static_cast<int>(Failure::bad_file) == static_cast<int>(ErrorCode::bad_file));
static_assert(static_cast<int>(Failure::closed) == static_cast<int>(ErrorCode::closed));
static_assert(static_cast<int>(Failure::cancelled) == static_cast<int>(ErrorCode::cancelled));
static_assert(static_cast<int>(Failure::out_of_memory) == static_cast<int>(ErrorCode::out_of_memory));

void raise(const base::Error& error) {
    throw Error(static_cast<ErrorCode>(error.failure), error.message, error.os_error);
}

void raise(ErrorCode code, const std::string& message) {
    throw Error(code, message);
}

void raise_damaged(const std::string& path, const std::string& what) {
    const std::string name = path.empty() ? "the index in memory" : "'" + path + "'";
    raise(ErrorCode::bad_file, name + " is damaged: " + what + "; copy or build it again");
}

}  // namespace nearfile::opened
