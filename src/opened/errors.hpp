// From errors as values to the exceptions of the public API, in one place.
#pragma once

#include <string>
#include <utility>

#include "base/result.hpp"
#include "nearfile/error.hpp"

namespace nearfile::opened {

[[noreturn]] void raise(const base::Error& error);
[[noreturn]] void raise(ErrorCode code, const std::string& message);

template <class T>
T unwrap(base::Result<T> result) {
    if (!result.ok()) raise(result.error());
    if constexpr (!std::is_void_v<T>) return std::move(result.value());
}

}  // namespace nearfile::opened
