// How the bytes of a file are reached that is larger than memory. The hot sections are what every search reads many
// places of, and should stay; of the cold ones, vectors above all, it reads a few rows, whose pages are asked for all
// at once (search/page_reads.hpp). All of it are hints: no answer changes by them.
#pragma once

#include <cstdint>

#include "opened/state.hpp"

namespace nearfile::opened {

// Whether searches read many places of the section.
bool is_hot(const Index::State& state, SectionKind kind) noexcept;

// Where the mapped file does not fit well into so many bytes of memory: says so to the operating system, and in the
// state. Of an index that is in memory, and of a file that fits, nothing changes.
void fit_into(Index::State& state, std::uint64_t memory);

// The same again, after expect_reading(): that the whole file is going to be read from end to end.
void expect_searches(const Index::State& state);
void expect_reading(const Index::State& state);

// Read the hot sections now, and wait; of a larger file keep them too, where they fit and the process may. Throws where
// the file cannot be read.
void read_hot(const Index::State& state);

}  // namespace nearfile::opened
