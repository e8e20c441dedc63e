// Errors as values: a function that can fail returns Result<T>, and what failed is said in one sentence or two:
// what was expected, what came, what to do. opened/errors.hpp turns them into the exceptions of the public API.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace nearfile::base {

// In the order of nearfile::ErrorCode, which opened/errors.cpp casts it to.
enum class Failure { invalid_argument, not_found, io, bad_file, closed, cancelled, out_of_memory };

struct Error {
    Failure failure;
    std::string message;
    int os_error = 0;  // errno, for Failure::io
};

template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

    bool ok() const noexcept { return content_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }
    T& value() { return std::get<0>(content_); }
    const T& value() const { return std::get<0>(content_); }
    Error& error() { return std::get<1>(content_); }
    const Error& error() const { return std::get<1>(content_); }

private:
    std::variant<T, Error> content_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    bool ok() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return ok(); }
    Error& error() { return *error_; }
    const Error& error() const { return *error_; }

private:
    std::optional<Error> error_;
};

}  // namespace nearfile::base
