#include "cases.hpp"

#include <cstdint>
#include <cstring>

namespace nearfile::bench {
namespace {

using kernels::Kernels;

// The usual signature: a query against rows of values of its own type.
template <auto kernel>
struct Call;
template <class Value, class Out,
          void (*Kernels::*kernel)(const Value*, const Value*, std::size_t, const kernels::ItemId*, std::size_t,
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

const char* row_of(const Batch& b, std::size_t j) {
    return static_cast<const char*>(b.rows) + b.stride * (b.ids ? b.ids[j] : j);
}

// A row at a time, as codes/vectors.cpp calls it.
void half_to_float(const Kernels& table, const Batch& b) {
    for (std::size_t j = 0; j < b.count; ++j)
        table.half_to_float(reinterpret_cast<const std::uint16_t*>(row_of(b, j)), b.dim, static_cast<float*>(b.out));
}

// In place, so of a copy.
void hadamard(const Kernels& table, const Batch& b) {
    for (std::size_t j = 0; j < b.count; ++j) {
        auto* values = static_cast<float*>(b.out);
        std::memcpy(values, row_of(b, j), b.dim * sizeof(float));
        table.hadamard(values, b.dim);
    }
}

// What a query's codes take, a row at a time.
void largest_magnitude(const Kernels& table, const Batch& b) {
    for (std::size_t j = 0; j < b.count; ++j)
        static_cast<float*>(b.out)[j] = table.largest_magnitude(reinterpret_cast<const float*>(row_of(b, j)), b.dim);
}

void round_to_i8(const Kernels& table, const Batch& b) {
    for (std::size_t j = 0; j < b.count; ++j)
        table.round_to_i8(reinterpret_cast<const float*>(row_of(b, j)), 0.5f, b.dim, static_cast<std::int8_t*>(b.out));
}

void whole_u8(const Kernels& table, const Batch& b) {
    for (std::size_t j = 0; j < b.count; ++j)
        table.whole_u8(reinterpret_cast<const float*>(row_of(b, j)), b.dim, static_cast<std::uint8_t*>(b.out));
}

// Four queries. It takes rows in sequence only; others a row at a time.
void dot_i8_block(const Kernels& table, const Batch& b) {
    const std::size_t together = b.ids ? 1 : b.count;
    for (std::size_t j = 0; j < b.count; j += together)
        table.dot_i8_block(static_cast<const std::int8_t*>(b.query), 4,
                           reinterpret_cast<const std::int8_t*>(row_of(b, j)), b.stride, together, b.dim,
                           static_cast<std::int32_t*>(b.out));
}

// All rows of a call are prefetched first, as a walk through the graph does.
void dot_u4(const Kernels& table, const Batch& b) {
    const std::size_t reach = b.dim / 2;
    for (std::size_t j = 0; b.ids && j < b.count; ++j) {
        for (std::size_t offset = 0; offset < reach; offset += 64) __builtin_prefetch(row_of(b, j) + offset);
        __builtin_prefetch(row_of(b, j) + reach - 1);
    }
    table.dot_u4(static_cast<const std::int8_t*>(b.query), static_cast<const std::uint8_t*>(b.rows), b.stride, b.ids,
                 b.count, b.dim / 64, static_cast<std::int32_t*>(b.out));
}

// A row is a group of 16 neighbours. Two groups a call, as vertices of the graph have two or more; by ids one, and
// nothing is fetched ahead.
void sketch_below(const Kernels& table, const Batch& b) {
    const auto* tables = static_cast<const std::uint8_t*>(b.query);
    const std::size_t pairs = b.dim / 8;
    const std::uint8_t* numbers = tables + pairs * 32;
    const kernels::SketchQuery query = {tables, tables + pairs * 16, pairs, 0.5f, 0.0f};
    const std::size_t together = b.ids ? 1 : 2;
    for (std::size_t j = 0; j < b.count; j += together) {
        const kernels::SketchRow row = {reinterpret_cast<const std::uint8_t*>(row_of(b, j)), numbers, numbers + 32,
                                        1e-5f, 1e-2f};
        table.sketch_below(query, row, 1.0f, 0.5f, j + together <= b.count ? together : 1,
                           static_cast<std::uint64_t*>(b.out));
    }
}

// The query is the vertex, a row a neighbour's code.
void sketch_residual(const Kernels& table, const Batch& b) {
    auto* sums = static_cast<float*>(b.out);
    for (std::size_t j = 0; j < b.count; ++j)
        table.sketch_residual(static_cast<const float*>(b.query), reinterpret_cast<const std::int8_t*>(row_of(b, j)),
                              0.5f, b.dim, reinterpret_cast<std::uint8_t*>(sums + 4), sums);
}

// GloVe words, SIFT, and a usual length of text embeddings.
constexpr std::array<std::size_t, 3> dims = {50, 128, 768};
// The same, filled up to whole blocks of 4-bit codes.
constexpr std::array<std::size_t, 3> padded_dims = {64, 128, 768};

// Beyond the caches a kernel has nothing to do but wait, so it ought to wait for memory alone. In a cache it has to
// compute: two or three operations for each load of floats, twice as many for codes, whose products are wider than
// they.
constexpr Goals floats = {.first_cache = 0.4, .second_cache = 0.6, .sequence = 0.9, .random = 0.9};
constexpr Goals codes = {.first_cache = 0.2, .second_cache = 0.4, .sequence = 0.9, .random = 0.9};
// Writes two bytes for each that it reads, and fetches nothing ahead: a search calls it for a dozen rows.
constexpr Goals widening = {.first_cache = 0.1, .second_cache = 0.2, .sequence = 0.5, .random = 0.25};

// Two products for each byte that they read; blocks four, for which a row is fetched once.
constexpr Goals nibbles = {.first_cache = 0.1, .second_cache = 0.25, .sequence = 0.9, .random = 0.9};
constexpr Goals blocks = {.first_cache = 0.05, .second_cache = 0.1, .sequence = 0.5, .random = 0.25};
// Two look-ups for each byte, then an estimate for each neighbour; nothing is fetched ahead.
constexpr Goals sketches = {.first_cache = 0.1, .second_cache = 0.25, .sequence = 0.9, .random = 0.25};
// Three sums of floats for each byte, in an order that allows eight at a time. For building only.
constexpr Goals residuals = {.first_cache = 0.02, .second_cache = 0.05, .sequence = 0.2, .random = 0.2};
// A copy, and an addition of every value for each doubling of the width. For one query, or for building.
constexpr Goals transforms = {.first_cache = 0.02, .second_cache = 0.05, .sequence = 0.2, .random = 0.2};

constexpr Case cases[] = {
    {"dot_f32", 32, dims, floats, Call<&Kernels::dot_f32>::on},
    {"squared_l2_f32", 32, dims, floats, Call<&Kernels::squared_l2_f32>::on},
    {"l1_f32", 32, dims, floats, Call<&Kernels::l1_f32>::on},
    {"dot_i8", 8, dims, codes, Call<&Kernels::dot_i8>::on},
    {"dot_i8_block", 8, padded_dims, blocks, dot_i8_block},
    {"dot_u4", 4, padded_dims, nibbles, dot_u4},
    {"sketch_below", 16, padded_dims, sketches, sketch_below},
    {"sketch_residual", 8, padded_dims, residuals, sketch_residual},
    {"squared_l2_u8", 8, dims, codes, Call<&Kernels::squared_l2_u8>::on},
    {"l1_u8", 8, dims, codes, Call<&Kernels::l1_u8>::on},
    {"hamming", 1, {256, 1024, 4096}, codes, hamming},
    {"half_to_float", 16, dims, widening, half_to_float},
    {"hadamard", 32, {64, 512, 1024}, transforms, hadamard},
    {"largest_magnitude", 32, dims, widening, largest_magnitude},
    {"round_to_i8", 32, dims, widening, round_to_i8},
    {"whole_u8", 32, dims, widening, whole_u8},
};

}  // namespace

std::span<const Case> all_cases() {
    return cases;
}

}  // namespace nearfile::bench
