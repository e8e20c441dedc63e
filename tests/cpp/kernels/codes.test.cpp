// The kernels of 4-bit codes, of sketches and of blocks of 8-bit codes: the scalar version against the formula, every
// instruction set that this machine runs against the scalar version.
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
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
    std::vector<ItemId> ids(rows.n + 6);
    for (ItemId& id : ids) id = random.below(static_cast<std::uint32_t>(rows.n));

    std::vector<std::int32_t> expected(rows.n);
    for (std::size_t j = 0; j < rows.n; ++j)
        for (std::size_t i = 0; i < blocks * 64; ++i) {
            const int both = rows.get(j, i / 64 * 32 + i % 32);
            expected[j] += query[i] * (i % 64 < 32 ? both % 16 : both / 16);
        }
    for (const Kernels* const* table = supported(); *table; ++table) {
        const auto products = [&](const ItemId* some, std::size_t count) {
            return run(count, [&](std::int32_t* out) {
                (*table)->dot_u4(query.get(), rows.data(), rows.stride, some, count, blocks, out);
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

// The neighbours of a vertex and a query, in buffers that end where they end.
struct Sketches {
    std::size_t pairs, n_groups;
    std::unique_ptr<std::uint8_t[]> even, odd, bits_block;
    std::uint8_t* bits;
    std::unique_ptr<std::uint8_t[]> additive, factor;
    float step = 0, offset = 0, base = 0, additive_step = 0, factor_step = 0;

    // Entries up to `largest`, all of them that if `flat`.
    Sketches(std::size_t n_pairs, std::size_t groups, int largest, bool flat, Random& random)
        : pairs(n_pairs), n_groups(groups) {
        const auto entries = [&] {
            auto some = exact_query<std::uint8_t>(pairs * 16);
            for (std::size_t i = 0; i < pairs * 16; ++i)
                some[i] = static_cast<std::uint8_t>(
                    flat ? largest : static_cast<int>(random.below(static_cast<std::uint32_t>(largest) + 1)));
            return some;
        };
        even = entries();
        odd = entries();
        const std::size_t early = (pairs / 4 + n_groups) % 7;
        const std::size_t n_bits = n_groups * pairs * 16;
        bits_block.reset(new std::uint8_t[early + n_bits]);
        bits = bits_block.get() + early;
        for (std::size_t i = 0; i < n_bits; ++i) bits[i] = static_cast<std::uint8_t>(random.next());
        const auto uniform = [&] { return static_cast<float>(random.next()) * 0x1p-31f - 1.0f; };
        step = uniform() * 0.01f;
        offset = uniform();
        base = uniform() * 3.0f;
        additive_step = uniform() * 0x1p-16f;
        factor_step = uniform() * 0x1p-8f;
        const auto numbers = [&] {
            auto some = exact_query<std::uint8_t>(n_groups * 16);
            for (std::size_t i = 0; i < n_groups * 16; ++i) some[i] = static_cast<std::uint8_t>(random.next());
            return some;
        };
        additive = numbers();
        factor = numbers();
    }

    float estimate(std::size_t i) const {
        const std::uint8_t* group = bits + i / 16 * pairs * 16;
        std::uint32_t sum = 0;
        for (std::size_t p = 0; p < pairs; ++p) {
            const std::size_t both = group[p * 16 + i % 16];
            sum += even[p * 16 + both % 16];
            sum += odd[p * 16 + both / 16];
        }
        const float scaled_step = factor_step * step;
        const float scaled = scaled_step * static_cast<float>(sum);
        const float scaled_offset = factor_step * offset;
        const float product = scaled + scaled_offset;
        const float squared = additive_step * static_cast<float>(additive[i] * additive[i]);
        const float first = base + squared;
        const float second = static_cast<float>(factor[i]) * product;
        return first - second;
    }

    std::vector<float> estimates() const {
        std::vector<float> all(n_groups * 16);
        for (std::size_t i = 0; i < all.size(); ++i) all[i] = estimate(i);
        return all;
    }

    void check(const std::vector<float>& all, float threshold) const {
        constexpr std::uint64_t untouched = 0x5a5a5a5a5a5a5a5a;
        const std::size_t n_masks = (n_groups + 3) / 4;
        std::vector<std::uint64_t> expected(n_masks + 1);
        expected[n_masks] = untouched;
        std::size_t n_expected = 0;
        for (std::size_t i = 0; i < all.size(); ++i) {
            expected[i / 64] |= std::uint64_t{all[i] < threshold} << i % 64;
            n_expected += all[i] < threshold ? 1 : 0;
        }
        const SketchQuery query = {even.get(), odd.get(), pairs, step, offset};
        for (const Kernels* const* table = supported(); *table; ++table) {
            std::vector<std::uint64_t> masks(n_masks + 1, untouched);
            const SketchRow row = {bits, additive.get(), factor.get(), additive_step, factor_step};
            const std::size_t n = (*table)->sketch_below(query, row, base, threshold, n_groups, masks.data());
            if (masks != expected || n != n_expected)
                fail(__FILE__, __LINE__,
                     std::string("sketch_below of ") + (*table)->name + " is not the formula with " +
                         std::to_string(pairs) + " pairs, " + std::to_string(n_groups) + " groups, threshold " +
                         std::to_string(threshold));
        }
    }

    // The estimates themselves and their nearest floats tell versions apart that round otherwise.
    void check_around_estimates(std::size_t at_most, Random& random) const {
        const std::vector<float> all = estimates();
        const float infinity = std::numeric_limits<float>::infinity();
        for (std::size_t i = 0; i < all.size() && i < at_most; ++i) {
            const float value = all[all.size() <= at_most ? i : random.below(static_cast<std::uint32_t>(all.size()))];
            for (const float threshold : {value, std::nextafter(value, infinity), std::nextafter(value, -infinity)})
                check(all, threshold);
        }
        for (const float threshold : {0.0f, -0.0f, infinity, -infinity, std::numeric_limits<float>::quiet_NaN()})
            check(all, threshold);
    }
};

// ---- sketch_residual

// Both NaN counts as the same: which one comes out depends on the order of operands.
bool same_sums(const std::vector<float>& a, const std::vector<float>& b) {
    for (std::size_t i = 0; i < a.size(); ++i)
        if (std::memcmp(&a[i], &b[i], sizeof a[i]) != 0 && !(std::isnan(a[i]) && std::isnan(b[i]))) return false;
    return true;
}

struct Residual {
    std::size_t dim;
    std::unique_ptr<float[]> vertex;
    std::unique_ptr<std::int8_t[]> code;
    float scale;

    Residual(std::size_t n, float scale_, Random& random)
        : dim(n), vertex(exact_query<float>(n)), code(exact_query<std::int8_t>(n)), scale(scale_) {
        for (std::size_t i = 0; i < dim; ++i) {
            code[i] = static_cast<std::int8_t>(random.next());
            vertex[i] = (static_cast<float>(random.next()) * 0x1p-31f - 1.0f) * 100.0f;
            if (random.below(8) == 0) vertex[i] = scale * static_cast<float>(code[i]);  // nothing is left
        }
    }

    // Bytes of `signs` between those that count stay as they are; the last of those ends the buffer.
    void check() const {
        constexpr std::uint8_t untouched = 0x5a;
        const std::size_t n_signs = dim == 0 ? 0 : (dim / 8 - 1) * 16 + 1;
        std::vector<std::uint8_t> expected_signs(n_signs, untouched);
        float partial[3][8] = {};
        for (std::size_t i = 0; i < dim; ++i) {
            const float value = scale * static_cast<float>(code[i]);
            const float residual = value - vertex[i];
            const float square = residual * residual;
            if (i % 8 == 0) expected_signs[i * 2] = 0;
            expected_signs[i / 8 * 16] =
                static_cast<std::uint8_t>(expected_signs[i / 8 * 16] | (residual >= 0 ? 1U << i % 8 : 0U));
            partial[0][i % 8] += std::fabs(residual);
            partial[1][i % 8] += square;
            partial[2][i % 8] += residual >= 0 ? vertex[i] : -vertex[i];
        }
        std::vector<float> expected_sums;
        for (const auto& eight : partial) {
            const float a = eight[0] + eight[4], b = eight[1] + eight[5];
            const float c = eight[2] + eight[6], d = eight[3] + eight[7];
            const float even = a + c, odd = b + d;
            expected_sums.push_back(even + odd);
        }
        for (const Kernels* const* table = supported(); *table; ++table) {
            std::vector<std::uint8_t> signs(n_signs, untouched);
            std::vector<float> sums(3);
            (*table)->sketch_residual(vertex.get(), code.get(), scale, dim, signs.data(), sums.data());
            if (signs != expected_signs || !same_sums(sums, expected_sums))
                fail(__FILE__, __LINE__,
                     std::string("sketch_residual of ") + (*table)->name + " is not the formula at dim " +
                         std::to_string(dim));
        }
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
    for (std::size_t pairs = 0; pairs <= 512; pairs += reduced() && pairs >= 32 ? 96 : 4) {
        const std::size_t n_groups = 1 + random.below(5);
        for (int largest : {63, 1})
            Sketches(pairs, n_groups, largest, false, random).check_around_estimates(16, random);
        Sketches(pairs, n_groups, 63, true, random).check_around_estimates(4, random);
    }
    for (std::size_t n_groups = 0; n_groups <= 64; n_groups += reduced() && n_groups >= 9 ? 11 : 1)
        for (std::size_t pairs : {4, 8, 12, 16, 96})
            Sketches(pairs, n_groups, 63, false, random).check_around_estimates(16, random);
    Sketches(512, 64, 63, true, random).check_around_estimates(4, random);
}

TEST(kernels_sketch_below_agree_on_unusual_numbers) {
    Random random;
    const float infinity = std::numeric_limits<float>::infinity();
    const float floats[] = {0.0f,  -0.0f,  1.0f,     -1.0f,     1e-45f,
                            3e38f, -3e38f, infinity, -infinity, std::numeric_limits<float>::quiet_NaN()};
    for (int round = 0; round < (reduced() ? 100 : 1000); ++round) {
        Sketches sketches(4 + 4 * random.below(10), 1 + random.below(3), 63, false, random);
        const auto any = [&] { return floats[random.below(10)]; };
        if (random.below(3) == 0) sketches.step = any();
        if (random.below(3) == 0) sketches.offset = any();
        if (random.below(3) == 0) sketches.base = any();
        if (random.below(3) == 0) sketches.additive_step = any();
        if (random.below(3) == 0) sketches.factor_step = any();
        for (std::size_t i = 0; i < sketches.n_groups * 16; ++i) {
            if (random.below(4) == 0) sketches.additive[i] = random.below(2) ? 0 : 255;
            if (random.below(4) == 0) sketches.factor[i] = random.below(2) ? 0 : 255;
        }
        sketches.check_around_estimates(48, random);
    }
}

TEST(kernels_sketch_residual_agree) {
    Random random;
    const float infinity = std::numeric_limits<float>::infinity();
    for (std::size_t dim = 0; dim <= 1024; dim += reduced() && dim >= 128 ? 128 : 8) {
        for (float scale : {0.7f, -0.01f, 0.0f, 1e-38f, 3e38f}) Residual(dim, scale, random).check();
        for (float scale : {0.7f, infinity, -infinity, std::numeric_limits<float>::quiet_NaN()}) {
            Residual unusual(dim, scale, random);
            for (const float value : {infinity, -infinity, 0.0f, -0.0f, 1e-45f, 3e38f})
                if (dim != 0) unusual.vertex[random.below(static_cast<std::uint32_t>(dim))] = value;
            unusual.check();
        }
    }
}
