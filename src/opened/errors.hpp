// From errors as values to the exceptions of the public API, in one place.
#pragma once

#include <string>
#include <utility>

#include "base/result.hpp"
#include "nearfile/error.hpp"

namespace nearfile::opened {

[[noreturn]] void raise(const base::Error& error);
[[noreturn]] void raise(ErrorCode code, const std::string& message);

// Error(bad_file) of a file, or of an index in memory, which has no path.
[[noreturn]] void raise_damaged(const std::string& path, const std::string& what);

template <class T>
T unwrap(base::Result<T> result) {
    if (!result.ok()) raise(result.error());
    if constexpr (!std::is_void_v<T>) return std::move(result.value());
}

}  // namespace nearfile::opened
