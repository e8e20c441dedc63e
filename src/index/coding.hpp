// From collected vectors to codes: which kind, relative to which center, and the rows themselves.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "index/description.hpp"
#include "index/rows.hpp"
#include "kernels/kernels.hpp"

namespace nearfile::index {

// Told how far a stage is; false stops the build.
using StageWatch = std::function<bool(std::string_view stage, std::uint64_t done, std::uint64_t total)>;

struct Coded {
    CodeKind kind = CodeKind::scaled;
    float scale = 0;            // of uniform codes
    std::vector<float> center;  // empty where it is the origin
    base::AlignedBuffer rows;

    bool are_vectors() const noexcept { return kind == CodeKind::uniform_exact || kind == CodeKind::bits; }
};

// The same for any number of threads. Throws Error(cancelled) when the watch says so.
Coded code_rows(const kernels::Kernels& kernels, Metric metric, const Rows& rows, unsigned threads,
                const StageWatch& watch);

// Whether code_rows would make scaled codes.
bool codes_are_scaled(Metric metric, const Rows& rows);

// Those, relative to a center that is known.
Coded code_scaled(const kernels::Kernels& kernels, Metric metric, const Rows& rows, std::vector<float> center,
                  unsigned threads, const StageWatch& watch);

// Of rows as the codes see them; zeros where there are none.
std::vector<float> mean_of_rows(const kernels::Kernels& kernels, Metric metric, const Rows& rows, unsigned threads,
                                const StageWatch& watch);

// One row as the codes see it: of length one where only directions count. False where it has none.
bool load_row(const kernels::Kernels& kernels, Metric metric, const Rows& rows, std::uint32_t row,
              std::span<float> out);

}  // namespace nearfile::index
