// From collected vectors to codes: which kind, relative to which center, and the rows themselves.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "build/row_source.hpp"
#include "build/rows.hpp"
#include "build/stages.hpp"
#include "kernels/kernels.hpp"
#include "opened/description.hpp"

namespace nearfile::build {

struct Encoded {
    opened::CodeKind kind = opened::CodeKind::scaled;
    float scale = 0;            // of uniform codes
    std::vector<float> center;  // empty where it is the origin
    base::AlignedBuffer rows;

    bool are_vectors() const noexcept {
        return kind == opened::CodeKind::uniform_exact || kind == opened::CodeKind::bits;
    }
};

// The same for any number of threads. Throws Error(cancelled) when the watch says so.
Encoded encode_rows(const kernels::Kernels& kernels, Metric metric, const Rows& rows, unsigned threads,
                    const StageWatch& watch);

// Whether encode_rows would make scaled codes.
bool codes_are_scaled(Metric metric, const Rows& rows);

// Those, relative to a center that is known, and codes that are the vectors themselves. Item i is row order[i], or row
// i where `order` is empty. What a source is made of must outlive it.
RowSource scaled_codes(const kernels::Kernels& kernels, Metric metric, const Rows& rows, std::span<const float> center,
                       std::span<const std::uint32_t> order);
RowSource exact_codes(const Rows& rows, std::span<const std::uint32_t> order);

// Of rows as the codes see them; zeros where there are none.
std::vector<float> mean_of_rows(const kernels::Kernels& kernels, Metric metric, const Rows& rows, unsigned threads,
                                const StageWatch& watch);

// One row as the codes see it: of length one where only directions count. False where it has none.
bool load_row(const kernels::Kernels& kernels, Metric metric, const Rows& rows, std::uint32_t row,
              std::span<float> out);

}  // namespace nearfile::build
