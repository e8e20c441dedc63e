// How trees are grown of the items of a graph: of all of them, or, in a build within a given memory, of some.
#pragma once

#include <cstddef>
#include <span>

#include "base/aligned_buffer.hpp"
#include "build/edges.hpp"
#include "build/external/parts.hpp"
#include "build/quantized.hpp"

namespace nearfile::build {

template <class SplitType>
struct Growing {
    GrowOne<SplitType> all;
    external::WithMembers<SplitType> some;
    external::Sides<SplitType> sides;  // of rows
};

// Codes that distances go by in place of the vectors', where there are any.
struct CodedItems {
    base::AlignedBuffer rows;
    std::size_t stride = 0;
    std::size_t dim = 0;
};

// These refer to what they are given, and see it in the order in which it is when they are called.
Growing<forest::Split> growing_of(const kernels::Kernels& kernels, const QuantizedVectors& vectors,
                                  const CodedItems& codes, unsigned threads, const StageWatch& watch);

// `rows`: bits by row; `codes`: the same in another order, once there is one.
Growing<forest::BitSplit> growing_of_bits(const kernels::Kernels& kernels, const CodeDistances& between_rows,
                                          const base::AlignedBuffer& rows, const CodedItems& codes, unsigned threads,
                                          const StageWatch& watch);

}  // namespace nearfile::build
