// What fits into the memory that a build may take: how many items a part of it may have, and on how many threads it may
// run. The parts depend on the data and the options alone, so that the same file comes from any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "build/rows.hpp"
#include "nearfile/attributes.hpp"
#include "nearfile/types.hpp"

namespace nearfile::build::external {

// That a column holds.
std::uint64_t bytes_of(const Column& column) noexcept;

struct Sizes {
    std::uint64_t rows = 0;      // of vectors
    std::uint64_t id_bytes = 0;  // that the builder holds of ids and columns
    std::uint32_t dim = 0;
    std::uint32_t value_bytes = sizeof(float);  // of the kind that keeps all values
    Metric metric = Metric::angular;
};

// Throws Error(invalid_argument) where `memory` is too small for that many rows, and says how much it takes.
void check_memory(const Sizes& sizes, std::uint64_t memory);

// The most items of a part, those included that it only looks at.
std::uint32_t most_members(const Sizes& sizes, std::uint64_t memory, std::size_t code_stride, std::uint32_t degree,
                           std::uint32_t n_trees);

// The most items that walks may go among at a time.
std::uint32_t most_surrounded(const Sizes& sizes, std::uint64_t memory, std::size_t code_stride, std::uint32_t degree);

// As many as are asked for, but for what their working memory allows.
unsigned affordable_threads(const Sizes& sizes, std::uint64_t memory, unsigned threads);

// Of disk, at the most at a time: what the build has there and the file itself, but for rows that are there already.
std::uint64_t disk_bytes(const Sizes& sizes, Profile profile);

}  // namespace nearfile::build::external
