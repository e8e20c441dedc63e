// From collected columns, row after row, to the bytes of a file, item after item.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "nearfile/attributes.hpp"

namespace nearfile::attributes {

struct EncodedColumns {
    std::vector<std::byte> directory;  // of the section columns
    base::AlignedBuffer values;        // of the section column_values
};

// Runs `task` of 0 to n - 1, in any order, on any threads; an exception of it or of its own ends the encoding.
using RunTasks = std::function<void(std::size_t n, const std::function<void(std::size_t)>& task)>;

// Checked columns of `count` rows each, one a task; item i is row row_of_item[i], or row i where it is empty.
EncodedColumns encode(std::span<const Column> columns, std::uint32_t count, std::span<const std::uint32_t> row_of_item,
                      const RunTasks& run);

}  // namespace nearfile::attributes
