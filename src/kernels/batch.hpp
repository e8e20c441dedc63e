// The rows of one call, and fetching them ahead: what all kernel files share. (Those of one instruction set share
// <set>_floats.hpp too.)
//
// Every name here is in an anonymous namespace, which headers of other folders must never do. Each kernel file is
// compiled for instructions of its own; of an inline function that several of them have under one name the linker keeps
// one copy, perhaps that of the file for AVX-512, and every machine would run it. Names in an anonymous namespace are
// never merged: each file keeps the copy that was compiled for it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.hpp"
#include "kernels/prefetch.hpp"

namespace nearfile::kernels {
namespace {

constexpr std::size_t line = 64;  // bytes of a cache line

// PERF NOTES (dot_i8 by random ids into 400,000 rows of an EPYC 7003, ns a row at dim 50 / 128, batches of 48): 8 lines
// ahead 9.0 / 18.4, 16: 7.8 / 18.4, 24: 7.7 / 15.8, 32: 7.0 / 15.1, 48: 6.6 / 13.5, 64: 6.9 / 15.1. Rows of 13 lines
// care little.
constexpr std::size_t lines_ahead = 48;
constexpr std::size_t fewest_rows_ahead = 4;
constexpr std::size_t most_lines_of_row = 16;

// The rows of one call.
struct Rows {
    const char* first;
    std::size_t stride;
    const ItemId* ids;

    Rows(const void* rows, std::size_t bytes_between, const ItemId* item_ids)
        : first(static_cast<const char*>(rows)), stride(bytes_between), ids(item_ids) {}

    const char* operator[](std::size_t j) const { return first + stride * (ids ? ids[j] : j); }
};

// The same, fetched ahead of their use where they are picked by ids. Rows in sequence the hardware foresees.
struct Batch : Rows {
    std::size_t count;
    std::size_t reach;  // bytes of a row to prefetch
    std::size_t ahead;  // rows to prefetch ahead; 0 where they come in sequence
    bool straddles;     // rows that do not start a line may end in one more

    [[gnu::always_inline]] Batch(const void* rows, std::size_t bytes_between, const ItemId* item_ids,
                                 std::size_t n_rows, std::size_t row_bytes)
        : Rows(rows, bytes_between, item_ids),
          count(n_rows),
          reach(row_bytes < most_lines_of_row * line ? row_bytes : most_lines_of_row * line),
          ahead(0),
          straddles((reinterpret_cast<std::uintptr_t>(rows) | bytes_between) % line != 0) {
        if (!ids) return;
        const std::size_t n_rows_ahead = lines_ahead / (reach / line + 1);
        ahead = n_rows_ahead < fewest_rows_ahead ? fewest_rows_ahead : n_rows_ahead;
        prefetch(0, ahead);
    }

    // Always inline: out of line, GCC takes functions that only prefetch for pure ones and deletes the calls.
    [[gnu::always_inline]] void prefetch(std::size_t from, std::size_t to) const {
        const std::size_t end = to < count ? to : count;
        for (std::size_t j = from; j < end; ++j) {
            const char* start = first + stride * ids[j];
            for (std::size_t offset = 0; offset < reach; offset += line) kernels::prefetch(start + offset);
            if (straddles) kernels::prefetch(start + reach - 1);
        }
    }

    [[gnu::always_inline]] void prefetch_ahead(std::size_t j, std::size_t n_rows) const {
        if (ahead) prefetch(j + ahead, j + ahead + n_rows);
    }
};

}  // namespace
}  // namespace nearfile::kernels
