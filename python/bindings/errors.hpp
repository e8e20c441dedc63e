// Errors of the core on their way to Python.
#pragma once

#include <nearfile/error.hpp>
#include <string>
#include <utility>

namespace nearfile::python {

// An Error that knows which file it is about, for the exception's `filename`.
class ErrorOfFile : public Error {
public:
    ErrorOfFile(const Error& error, std::string path) : Error(error), path_(std::move(path)) {}
    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

// Run `action`; what it throws knows `path`.
template <class Action>
auto with_path(const std::string& path, Action&& action) {
    try {
        return std::forward<Action>(action)();
    } catch (const Error& error) {
        throw ErrorOfFile(error, path);
    }
}

}  // namespace nearfile::python
