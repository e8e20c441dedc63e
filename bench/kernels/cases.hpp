// Which kernels are measured, on which vectors, and how they are called. A new kernel is one more entry in cases.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "kernels/kernels.hpp"

namespace nearfile::bench {

// One call: `count` rows, row ids[j] or, where ids is null, row j.
struct Batch {
    const void* query;
    const void* rows;
    std::size_t stride;
    const kernels::ItemId* ids;
    std::size_t count;
    std::size_t dim;
    void* out;
};

// How many parts of what memory allows a kernel ought to reach; memory's own limits are measured in the same run.
struct Goals {
    double first_cache;   // rows that stay in the first-level cache: arithmetic counts
    double second_cache;  // in the second-level cache
    double sequence;      // far more rows than any cache holds, one after the other
    double random;        // as many, by random ids, lines fetched ahead
};

struct Case {
    const char* kernel;
    std::size_t bits;  // of a value in a row
    std::array<std::size_t, 3> dims;
    Goals goals;
    void (*call)(const kernels::Kernels& table, const Batch& batch);

    std::size_t row_bytes(std::size_t dim) const { return (dim * bits + 7) / 8; }
};

std::span<const Case> all_cases();

}  // namespace nearfile::bench
