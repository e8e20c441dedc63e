#include "cases.hpp"

#include <cstdint>

namespace nearfile::bench {
namespace {

using kernels::Kernels;

// The usual signature: a query against rows of values of its own type.
template <auto kernel>
struct Call;
template <class Value, class Out,
          void (*Kernels::*kernel)(const Value*, const Value*, std::size_t, const kernels::RowId*, std::size_t,
                                   std::size_t, Out*)>
struct Call<kernel> {
    static void on(const Kernels& table, const Batch& b) {
        (table.*kernel)(static_cast<const Value*>(b.query), static_cast<const Value*>(b.rows), b.stride, b.ids, b.count,
                        b.dim, static_cast<Out*>(b.out));
    }
};

void hamming(const Kernels& table, const Batch& b) {
    table.hamming(static_cast<const std::uint64_t*>(b.query), static_cast<const std::uint64_t*>(b.rows), b.stride,
                  b.ids, b.count, b.dim / 64, static_cast<std::uint32_t*>(b.out));
}

// A row at a time, as codes/vectors.cpp calls it.
void half_to_float(const Kernels& table, const Batch& b) {
    for (std::size_t j = 0; j < b.count; ++j) {
        const auto* row = static_cast<const char*>(b.rows) + b.stride * (b.ids ? b.ids[j] : j);
        table.half_to_float(reinterpret_cast<const std::uint16_t*>(row), b.dim, static_cast<float*>(b.out));
    }
}

// GloVe words, SIFT, and a usual length of text embeddings.
constexpr std::array<std::size_t, 3> dims = {50, 128, 768};

// Beyond the caches a kernel has nothing to do but wait, so it ought to wait for memory alone. In a cache it has to
// compute: two or three operations for each load of floats, twice as many for codes, whose products are wider than
// they.
constexpr Goals floats = {.first_cache = 0.4, .second_cache = 0.6, .sequence = 0.9, .random = 0.9};
constexpr Goals codes = {.first_cache = 0.2, .second_cache = 0.4, .sequence = 0.9, .random = 0.9};
// Writes two bytes for each that it reads, and fetches nothing ahead: a search calls it for a dozen rows.
constexpr Goals widening = {.first_cache = 0.1, .second_cache = 0.2, .sequence = 0.5, .random = 0.25};

constexpr Case cases[] = {
    {"dot_f32", 32, dims, floats, Call<&Kernels::dot_f32>::on},
    {"squared_l2_f32", 32, dims, floats, Call<&Kernels::squared_l2_f32>::on},
    {"l1_f32", 32, dims, floats, Call<&Kernels::l1_f32>::on},
    {"dot_i8", 8, dims, codes, Call<&Kernels::dot_i8>::on},
    {"squared_l2_u8", 8, dims, codes, Call<&Kernels::squared_l2_u8>::on},
    {"l1_u8", 8, dims, codes, Call<&Kernels::l1_u8>::on},
    {"hamming", 1, {256, 1024, 4096}, codes, hamming},
    {"half_to_float", 16, dims, widening, half_to_float},
};

}  // namespace

std::span<const Case> all_cases() {
    return cases;
}

}  // namespace nearfile::bench
