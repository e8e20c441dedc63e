// The kernels of 4-bit codes, of sketches and of blocks of 8-bit codes: the scalar version against the formula, every
// instruction set that this machine runs against the scalar version.
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "check.hpp"
#include "kernels/buffers.hpp"
#include "kernels/tables.hpp"

namespace {

using namespace nearfile::kernels;
using namespace nearfile::test;

int pick(const std::vector<int>& values, Random& random) {
    return values[random.below(static_cast<std::uint32_t>(values.size()))];
}

template <class Call>
std::vector<std::int32_t> run(std::size_t n, Call call) {
    constexpr std::int32_t untouched = 0x5a5a5a5a;
    std::vector<std::int32_t> out(n + 1, untouched);
    call(out.data());
    CHECK(out[n] == untouched);
    out.pop_back();
    return out;
}

// ---- dot_i8_block

// Queries lie in the block that rows lie in, or one like it: the same stride.
void check_block(std::size_t dim, std::size_t n_rows, std::size_t padding, const std::vector<int>& query_values,
                 const std::vector<int>& row_values, Random& random) {
    const std::size_t padded = (dim + 63) / 64 * 64;
    Rows<std::int8_t> rows(padded, n_rows, dim % 5, padding, code_overread - (padded - dim));
    Rows<std::int8_t> queries(padded, 4, dim % 3, padding, 0);
    for (std::size_t row = 0; row < n_rows; ++row)
        for (std::size_t i = 0; i < dim; ++i) rows.set(row, i, static_cast<std::int8_t>(pick(row_values, random)));
    for (std::size_t k = 0; k < 4; ++k)
        for (std::size_t i = 0; i < padded; ++i)
            queries.set(k, i, static_cast<std::int8_t>(i < dim ? pick(query_values, random) : 0));
    for (std::size_t n_queries = 1; n_queries <= 4; ++n_queries) {
        const auto products = [&](const Kernels& table, std::size_t count) {
            return run(n_queries * count, [&](std::int32_t* out) {
                table.dot_i8_block(queries.data(), n_queries, rows.data(), rows.stride, count, dim, out);
            });
        };
        const auto expected = products(scalar_kernels, n_rows);
        for (std::size_t k = 0; k < n_queries; ++k)
            for (std::size_t j = 0; j < n_rows; ++j) {
                std::int64_t sum = 0;
                for (std::size_t i = 0; i < dim; ++i) sum += int{queries.get(k, i)} * int{rows.get(j, i)};
                if (expected[k * n_rows + j] != sum)
                    fail(__FILE__, __LINE__, "dot_i8_block of scalar is not the formula at dim " + std::to_string(dim));
            }
        for (const Kernels* const* table = supported(); *table; ++table)
            for (std::size_t count : {n_rows, n_rows - 1, std::size_t{1}, std::size_t{0}})
                if (products(**table, count) != products(scalar_kernels, count))
                    fail(__FILE__, __LINE__,
                         std::string("dot_i8_block of ") + (*table)->name + " differs at dim " + std::to_string(dim));
    }
}

// ---- dot_u4

void check_nibbles(std::size_t blocks, std::size_t offset, std::size_t padding, const std::vector<int>& query_values,
                   const std::vector<int>& row_values, Random& random) {
    const std::string at = " at " + std::to_string(blocks) + " blocks";
    Rows<std::uint8_t> rows(blocks * 32, 11, offset, padding, 0);
    const auto query = exact_query<std::int8_t>(blocks * 64);
    for (std::size_t i = 0; i < blocks * 64; ++i) query[i] = static_cast<std::int8_t>(pick(query_values, random));
    for (std::size_t row = 0; row < rows.n; ++row)
        for (std::size_t b = 0; b < rows.dim; ++b)
            rows.set(row, b, static_cast<std::uint8_t>(pick(row_values, random) | pick(row_values, random) << 4));
    std::vector<RowId> ids(rows.n + 6);
    for (RowId& id : ids) id = random.below(static_cast<std::uint32_t>(rows.n));

    std::vector<std::int32_t> expected(rows.n);
    for (std::size_t j = 0; j < rows.n; ++j)
        for (std::size_t i = 0; i < blocks * 64; ++i) {
            const int both = rows.get(j, i / 64 * 32 + i % 32);
            expected[j] += query[i] * (i % 64 < 32 ? both % 16 : both / 16);
        }
    for (const Kernels* const* table = supported(); *table; ++table)
        for (const auto kernel : {(*table)->dot_u4, (*table)->dot_u4_prefetched}) {
            const auto products = [&](const RowId* some, std::size_t count) {
                return run(count, [&](std::int32_t* out) {
                    kernel(query.get(), rows.data(), rows.stride, some, count, blocks, out);
                });
            };
            for (std::size_t count = 0; count <= rows.n; ++count)
                if (products(nullptr, count) !=
                    std::vector<std::int32_t>(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(count)))
                    fail(__FILE__, __LINE__, std::string("dot_u4 of ") + (*table)->name + " is not the formula" + at);
            for (std::size_t count = 0; count <= ids.size(); ++count) {
                std::vector<std::int32_t> by_ids(count);
                for (std::size_t j = 0; j < count; ++j) by_ids[j] = expected[ids[j]];
                if (products(ids.data(), count) != by_ids)
                    fail(__FILE__, __LINE__, std::string("dot_u4 by ids of ") + (*table)->name + " differs" + at);
            }
        }
}

// ---- sketch_below

struct AlignedDelete {
    void operator()(std::uint8_t* at) const { ::operator delete[](at, std::align_val_t(64)); }
};

// A group of 32 neighbours and a query, in buffers that end where they end.
struct Sketches {
    std::size_t n_tables;
    std::unique_ptr<std::uint8_t[], AlignedDelete> tables;
    std::unique_ptr<std::uint8_t[]> bits_block;
    std::uint8_t* bits;
    std::unique_ptr<std::uint16_t[]> additive{new std::uint16_t[32]};
    std::unique_ptr<std::uint16_t[]> factor{new std::uint16_t[32]};
    float step = 0, offset = 0, base = 0;

    // Entries up to `largest`, all of them that if `flat`.
    Sketches(std::size_t n, int largest, bool flat, Random& random) : n_tables(n) {
        tables.reset(static_cast<std::uint8_t*>(::operator new[](n * 16, std::align_val_t(64))));
        const std::size_t early = n % 7;
        bits_block.reset(new std::uint8_t[early + n * 16]);
        bits = bits_block.get() + early;
        for (std::size_t i = 0; i < n * 16; ++i) {
            tables[i] = static_cast<std::uint8_t>(
                flat ? largest : static_cast<int>(random.below(static_cast<std::uint32_t>(largest) + 1)));
            bits[i] = static_cast<std::uint8_t>(random.next());
        }
        const auto uniform = [&] { return static_cast<float>(random.next()) * 0x1p-31f - 1.0f; };
        step = uniform() * 0.01f;
        offset = uniform();
        base = uniform() * 3.0f;
        // Halves between 2^-8 and 8 of both signs; their neighbourhood in the order of floats is tried too.
        for (std::size_t j = 0; j < 32; ++j) {
            additive[j] = static_cast<std::uint16_t>(0x1c00 + random.below(0x2c00) + (random.next() & 0x8000U));
            factor[j] = static_cast<std::uint16_t>(0x1c00 + random.below(0x2c00) + (random.next() & 0x8000U));
        }
    }

    float estimate(std::size_t j) const {
        std::uint32_t sum = 0;
        for (std::size_t t = 0; t < n_tables; ++t)
            sum += tables[t * 16 + (j < 16 ? bits[t * 16 + j] % 16U : bits[t * 16 + j - 16] / 16U)];
        float added, factors;
        scalar_kernels.half_to_float(&additive[j], 1, &added);
        scalar_kernels.half_to_float(&factor[j], 1, &factors);
        const float scaled = step * static_cast<float>(sum);
        const float product = scaled + offset;
        const float first = base + added;
        const float second = factors * product;
        return first - second;
    }

    void check(float bar) const {
        std::uint32_t expected = 0;
        for (std::size_t j = 0; j < 32; ++j) expected |= estimate(j) < bar ? 1U << j : 0U;
        const SketchQuery query = {tables.get(), n_tables, step, offset};
        for (const Kernels* const* table = supported(); *table; ++table)
            if ((*table)->sketch_below(query, base, bar, bits, additive.get(), factor.get()) != expected)
                fail(__FILE__, __LINE__,
                     std::string("sketch_below of ") + (*table)->name + " is not the formula with " +
                         std::to_string(n_tables) + " tables, bar " + std::to_string(bar));
    }

    // The estimates themselves and their nearest floats tell versions apart that round otherwise.
    void check_around_estimates() const {
        const float infinity = std::numeric_limits<float>::infinity();
        for (std::size_t j = 0; j < 32; ++j) {
            const float value = estimate(j);
            for (const float bar : {value, std::nextafter(value, infinity), std::nextafter(value, -infinity)})
                check(bar);
        }
        for (const float bar : {0.0f, -0.0f, infinity, -infinity, std::numeric_limits<float>::quiet_NaN()}) check(bar);
    }
};

}  // namespace

TEST(kernels_dot_i8_block_agree) {
    Random random;
    for (std::size_t dim : sizes(300, {511, 784, 1024, 1025, 2100})) {
        check_block(dim, 4 + dim % 6, dim % 4 * 7, range(-127, 127), range(-128, 127), random);
        check_block(dim, 5, 0, {-127, 127}, {-128, 127}, random);
    }
    for (int q : {-127, 127})
        for (int x : {-128, 127})
            for (std::size_t dim : {64, 128, 300, 65536}) check_block(dim, 5, 16, {q}, {x}, random);
    check_block(128, 301, 16, range(-127, 127), range(-128, 127), random);
}

TEST(kernels_dot_u4_agree) {
    Random random;
    for (std::size_t blocks : sizes(40, {64, 100, 1024})) {
        check_nibbles(blocks, 0, 0, range(-127, 127), range(0, 15), random);
        check_nibbles(blocks, blocks % 5, blocks % 4 * 8, range(-127, 127), range(0, 15), random);
        check_nibbles(blocks, 1, 3, {-127, 127}, {0, 15}, random);
        for (int q : {-127, 127}) check_nibbles(blocks, 3, 8, {q}, {15}, random);
    }
}

TEST(kernels_sketch_below_agree) {
    Random random;
    for (std::size_t n_tables = 2; n_tables <= 256; n_tables += reduced() && n_tables > 40 ? 36 : 2) {
        for (int largest : {255, 127, 1}) Sketches(n_tables, largest, false, random).check_around_estimates();
        Sketches(n_tables, 255, true, random).check_around_estimates();
    }
    Sketches(0, 255, true, random).check_around_estimates();
}

TEST(kernels_sketch_below_agree_on_unusual_numbers) {
    Random random;
    const float infinity = std::numeric_limits<float>::infinity();
    const float floats[] = {0.0f,  -0.0f,  1.0f,     -1.0f,     1e-45f,
                            3e38f, -3e38f, infinity, -infinity, std::numeric_limits<float>::quiet_NaN()};
    const std::uint16_t halves[] = {0x0000, 0x8000, 0x0001, 0x83ff, 0x7bff, 0xfbff, 0x7c00,
                                    0xfc00, 0x7e00, 0xfe00, 0x7c01, 0x3c00, 0xbc00};
    for (int round = 0; round < (reduced() ? 100 : 1000); ++round) {
        Sketches sketches(2 + 2 * random.below(20), 255, false, random);
        const auto any = [&] { return floats[random.below(10)]; };
        if (random.below(3) == 0) sketches.step = any();
        if (random.below(3) == 0) sketches.offset = any();
        if (random.below(3) == 0) sketches.base = any();
        for (std::size_t j = 0; j < 32; ++j) {
            const bool whatever = random.below(4) == 0;  // any of the 65,536 halves
            sketches.additive[j] = whatever ? static_cast<std::uint16_t>(random.next()) : halves[random.below(13)];
            if (random.below(2)) sketches.factor[j] = halves[random.below(13)];
        }
        sketches.check_around_estimates();
    }
}
