// Vectors and ids in Arrow's arrays: rows of numbers where they lie, or texts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrow_abi.hpp"
#include "arrow_format.hpp"

namespace nearfile::python {

// Of one array, or of what its type says where there is none: shape (rows,), or (rows, dim) of lists.
struct ArrowRows {
    Layout layout = Layout::float32;
    std::int64_t rows = 0;
    std::optional<std::int64_t> dim;
    const void* lying = nullptr;       // where the values lie in the array
    std::vector<std::uint8_t> own{};   // those that did not lie together
    std::vector<std::string> texts{};  // of strings

    const void* values() const { return own.empty() ? lying : own.data(); }
};

// Rows `start` to `start + rows`, counted from the array's offset; `array` may be null. Throws Error(invalid_argument),
// which begins with `what`, where it is no whole array of numbers, of lists of numbers that are as long as each other,
// or of strings, or where anything is missing.
ArrowRows arrow_rows(const ArrowSchema& schema, const ArrowArray* array, std::int64_t start, std::int64_t rows,
                     const std::string& what);

}  // namespace nearfile::python
