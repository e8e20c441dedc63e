// Every kernel of every instruction set that this machine runs, against its formula and, bit for bit, against the
// scalar version. Those of 4-bit codes, sketches and blocks: codes.test.cpp.
#include "kernels/kernels.hpp"

#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "check.hpp"
#include "kernels/buffers.hpp"
#include "kernels/tables.hpp"

namespace {

using namespace nearfile::kernels;
using namespace nearfile::test;

template <class Element, class Out>
using Kernel = void (*Kernels::*)(const Element*, const Element*, std::size_t, const ItemId*, std::size_t, std::size_t,
                                  Out*);

template <class Element, class Out>
std::vector<Out> run(const Kernels& table, Kernel<Element, Out> kernel, const Element* query, const Rows<Element>& rows,
                     const std::vector<ItemId>* ids, std::size_t count) {
    Out untouched;
    std::memset(&untouched, 0x5a, sizeof untouched);
    std::vector<Out> out(count + 1, untouched);
    (table.*kernel)(query, rows.data(), rows.stride, ids ? ids->data() : nullptr, count, rows.dim, out.data());
    CHECK(std::memcmp(&out[count], &untouched, sizeof untouched) == 0);
    out.pop_back();
    return out;
}

// Scalar against `formula(row)`, every table against scalar; rows in sequence and by random ids with repeats.
template <class Element, class Out, class Formula>
void check_kernel(const std::string& what, Kernel<Element, Out> kernel, const Element* query, const Rows<Element>& rows,
                  Random& random, Formula is_right) {
    std::vector<ItemId> ids(rows.n + 6);
    for (ItemId& id : ids) id = random.below(static_cast<std::uint32_t>(rows.n));
    ids[1] = ids[0];
    const Rows<Element> moved = rows.with_other_surroundings(random);

    const auto in_sequence = run(scalar_kernels, kernel, query, rows, nullptr, rows.n);
    const auto by_ids = run(scalar_kernels, kernel, query, rows, &ids, ids.size());
    for (std::size_t j = 0; j < rows.n; ++j)
        if (!is_right(in_sequence[j], j))
            nearfile::test::fail(__FILE__, __LINE__, "scalar is not the formula: " + what);
    for (std::size_t j = 0; j < ids.size(); ++j)
        if (!same_bits<Out>({by_ids[j]}, {in_sequence[ids[j]]}))
            nearfile::test::fail(__FILE__, __LINE__, "scalar by ids: " + what);

    for (const Kernels* const* table = supported(); *table; ++table) {
        const std::string name = what + " of " + (*table)->name;
        for (std::size_t count = 0; count <= rows.n; ++count) {
            const std::vector<Out> expected(in_sequence.begin(),
                                            in_sequence.begin() + static_cast<std::ptrdiff_t>(count));
            if (!same_bits(run(**table, kernel, query, rows, nullptr, count), expected))
                nearfile::test::fail(__FILE__, __LINE__, "differs from scalar: " + name);
        }
        if (!same_bits(run(**table, kernel, query, rows, &ids, ids.size()), by_ids))
            nearfile::test::fail(__FILE__, __LINE__, "by ids differs from scalar: " + name);
        if (!same_bits(run(**table, kernel, query, moved, &ids, ids.size()), by_ids))
            nearfile::test::fail(__FILE__, __LINE__, "bytes around the rows matter: " + name);
        CHECK(run(**table, kernel, query, rows, &ids, 0).empty());
    }
}

const Kernel<float, float> float_kernels[] = {&Kernels::dot_f32, &Kernels::squared_l2_f32, &Kernels::l1_f32};
const char* const float_names[] = {"dot_f32", "squared_l2_f32", "l1_f32"};

double float_term(int kernel, double q, double x) {
    return kernel == 0 ? q * x : kernel == 1 ? (q - x) * (q - x) : std::fabs(q - x);
}

void check_floats(std::size_t dim, std::size_t offset, std::size_t padding, Random& random) {
    Rows<float> rows(dim, 7, offset, padding, 0);
    const auto query = exact_query<float>(dim);
    const auto uniform = [&] { return static_cast<float>(random.next()) * 0x1p-31f - 1.0f; };
    for (std::size_t i = 0; i < dim; ++i) query[i] = uniform();
    for (std::size_t row = 0; row < rows.n; ++row)
        for (std::size_t i = 0; i < dim; ++i) rows.set(row, i, uniform());
    for (int k = 0; k < 3; ++k)
        check_kernel<float, float>(float_names[k] + (" at dim " + std::to_string(dim)), float_kernels[k], query.get(),
                                   rows, random, [&](float result, std::size_t row) {
                                       double sum = 0, size = 0;
                                       for (std::size_t i = 0; i < dim; ++i) {
                                           const double term = float_term(k, query[i], rows.get(row, i));
                                           sum += term;
                                           size += std::fabs(term);
                                       }
                                       return std::fabs(result - sum) <= 1e-5 * size;
                                   });
}

template <class Byte, class Out, class Term>
void check_bytes(const char* name, Kernel<Byte, Out> kernel, std::size_t dim, std::size_t offset, std::size_t padding,
                 const std::vector<int>& query_values, const std::vector<int>& row_values, Random& random, Term term) {
    Rows<Byte> rows(dim, 7, offset, padding, code_overread);
    const auto query = padded_query<Byte>(dim);
    const auto pick = [&](const std::vector<int>& values) {
        return static_cast<Byte>(values[random.below(static_cast<std::uint32_t>(values.size()))]);
    };
    for (std::size_t i = 0; i < dim; ++i) query[i] = pick(query_values);
    for (std::size_t row = 0; row < rows.n; ++row)
        for (std::size_t i = 0; i < dim; ++i) rows.set(row, i, pick(row_values));
    check_kernel<Byte, Out>(name + (" at dim " + std::to_string(dim)), kernel, query.get(), rows, random,
                            [&](Out result, std::size_t row) {
                                std::int64_t sum = 0;
                                for (std::size_t i = 0; i < dim; ++i)
                                    sum += term(std::int64_t{query[i]}, std::int64_t{rows.get(row, i)});
                                return std::int64_t{result} == sum;
                            });
}

// One kernel over all dims, with values from the whole range, and over some with the extreme ones.
template <class Byte, class Out, class Term>
void check_byte_kernel(const char* name, Kernel<Byte, Out> kernel, std::vector<int> query_range,
                       std::vector<int> row_range, Term term) {
    Random random;
    for (std::size_t dim : sizes(300, {511, 784, 1024, 4096, 65536}))
        check_bytes<Byte, Out>(name, kernel, dim, dim % 5, dim % 3 * 7, query_range, row_range, random, term);
    const std::vector<int> query_ends = {query_range.front(), query_range.back()};
    const std::vector<int> row_ends = {row_range.front(), row_range.back()};
    for (std::size_t dim : {1, 16, 31, 32, 33, 50, 64, 65, 100, 128, 300, 784, 65536}) {
        check_bytes<Byte, Out>(name, kernel, dim, 1, 0, query_ends, row_ends, random, term);
        for (int q : query_ends)
            for (int x : row_ends) check_bytes<Byte, Out>(name, kernel, dim, 3, 64, {q}, {x}, random, term);
    }
}

}  // namespace

TEST(kernels_float_agree) {
    Random random;
    for (std::size_t dim : sizes(300, {511, 784, 1024, 4096})) {
        check_floats(dim, 0, 0, random);
        check_floats(dim, 4 * (dim % 7), 4 * (dim % 5), random);
    }
}

TEST(kernels_float_agree_on_unusual_numbers) {
    const float infinity = std::numeric_limits<float>::infinity();
    const float values[] = {0.0f, -0.0f, 1.0f, -1.0f, 1e-45f, -1e-40f, 1e30f, -1e30f, 3e38f, infinity, 1e-20f};
    Random random;
    for (std::size_t dim : sizes(100, {})) {
        // Without the infinity first: infinities differ into NaN, whose sign processors choose as they like.
        for (std::uint32_t n_values : {9U, 11U}) {
            Rows<float> rows(dim, 5, 4, 0, 0);
            const auto query = exact_query<float>(dim);
            for (std::size_t i = 0; i < dim; ++i) query[i] = values[random.below(n_values)];
            for (std::size_t row = 0; row < rows.n; ++row)
                for (std::size_t i = 0; i < dim; ++i) rows.set(row, i, values[random.below(n_values)]);
            for (int k = 0; k < 3; ++k) {
                const auto expected = run(scalar_kernels, float_kernels[k], query.get(), rows, nullptr, rows.n);
                for (const Kernels* const* table = supported(); *table; ++table) {
                    const auto result = run(**table, float_kernels[k], query.get(), rows, nullptr, rows.n);
                    for (std::size_t j = 0; j < rows.n; ++j)
                        CHECK((std::isnan(result[j]) && std::isnan(expected[j])) ||
                              same_bits<float>({result[j]}, {expected[j]}));
                }
            }
        }
    }
}

TEST(kernels_dot_i8_agree) {
    check_byte_kernel<std::int8_t, std::int32_t>("dot_i8", &Kernels::dot_i8, range(-127, 127), range(-128, 127),
                                                 [](std::int64_t q, std::int64_t x) { return q * x; });
}

TEST(kernels_squared_l2_u8_agree) {
    check_byte_kernel<std::uint8_t, std::uint32_t>("squared_l2_u8", &Kernels::squared_l2_u8, range(0, 255),
                                                   range(0, 255),
                                                   [](std::int64_t q, std::int64_t x) { return (q - x) * (q - x); });
}

TEST(kernels_l1_u8_agree) {
    check_byte_kernel<std::uint8_t, std::uint32_t>(
        "l1_u8", &Kernels::l1_u8, range(0, 255), range(0, 255),
        [](std::int64_t q, std::int64_t x) { return q < x ? x - q : q - x; });
}

TEST(kernels_hamming_agree) {
    Random random;
    for (std::size_t words : sizes(40, {64, 100, 1024})) {
        for (int fill = 0; fill < 2; ++fill) {
            Rows<std::uint64_t> rows(words, 7, 8 * (words % 3), 8 * (words % 2), 0);
            const auto query = exact_query<std::uint64_t>(words);
            const auto word = [&] { return std::uint64_t{random.next()} << 32 | random.next(); };
            for (std::size_t w = 0; w < words; ++w) query[w] = fill ? ~std::uint64_t{0} : word();
            for (std::size_t row = 0; row < rows.n; ++row)
                for (std::size_t w = 0; w < words; ++w) rows.set(row, w, fill ? 0 : word());
            check_kernel<std::uint64_t, std::uint32_t>(
                "hamming of " + std::to_string(words) + " words", &Kernels::hamming, query.get(), rows, random,
                [&](std::uint32_t result, std::size_t row) {
                    std::uint32_t differing = 0;
                    for (std::size_t b = 0; b < words * 64; ++b)
                        differing += ((query[b / 64] ^ rows.get(row, b / 64)) >> (b % 64) & 1) != 0;
                    return result == differing;
                });
        }
    }
}

TEST(kernels_half_to_float_is_exact) {
    for (std::uint32_t bits = 0; bits < 65536; ++bits) {
        const auto half = static_cast<std::uint16_t>(bits);
        const int exponent = static_cast<int>(bits >> 10 & 31);
        const int mantissa = static_cast<int>(bits & 1023);
        float single;
        scalar_kernels.half_to_float(&half, 1, &single);
        CHECK(std::signbit(single) == (bits >> 15 != 0));
        if (exponent == 31) {
            CHECK(mantissa ? std::isnan(single) : std::isinf(single));
        } else {
            const double size = exponent ? std::ldexp(1024 + mantissa, exponent - 25) : std::ldexp(mantissa, -24);
            CHECK(std::fabs(static_cast<double>(single)) == size);
        }
    }
    for (const Kernels* const* table = supported(); *table; ++table) {
        std::vector<std::uint16_t> halves(65536);
        for (std::size_t h = 0; h < halves.size(); ++h) halves[h] = static_cast<std::uint16_t>(h);
        std::vector<float> expected(halves.size()), result(halves.size());
        scalar_kernels.half_to_float(halves.data(), halves.size(), expected.data());
        (*table)->half_to_float(halves.data(), halves.size(), result.data());
        CHECK(same_bits(result, expected));
        for (std::size_t count = 0; count < 70; ++count) {
            const auto some = exact_query<std::uint16_t>(count);
            for (std::size_t i = 0; i < count; ++i) some[i] = static_cast<std::uint16_t>(15000 + 37 * i);
            std::vector<float> first(count), other(count);
            scalar_kernels.half_to_float(some.get(), count, first.data());
            (*table)->half_to_float(some.get(), count, other.data());
            CHECK(same_bits(first, other));
        }
    }
}

TEST(kernels_hadamard_agree) {
    Random random;
    for (std::size_t width = 1; width <= 4096; width *= 2) {
        std::vector<float> values(width + 1);
        for (float& value : values) value = static_cast<float>(random.next()) * 0x1p-31f - 1.0f;
        std::vector<float> expected = values;
        scalar_kernels.hadamard(expected.data(), width);
        CHECK(expected[width] == values[width]);
        for (std::size_t i = 0; i < width; i += 1 + width / 64) {
            double sum = 0;
            for (std::size_t j = 0; j < width; ++j) sum += (std::popcount(i & j) % 2 == 0 ? 1.0 : -1.0) * values[j];
            CHECK(std::fabs(expected[i] - sum) <= 1e-6 * static_cast<double>(width));
        }
        for (const Kernels* const* table = supported(); *table; ++table) {
            std::vector<float> result = values;
            (*table)->hadamard(result.data(), width);
            CHECK(same_bits(result, expected));
        }
    }
}

TEST(kernels_make_the_same_codes) {
    Random random;
    const float infinity = std::numeric_limits<float>::infinity();
    const float unusual[] = {0.0f,
                             -0.0f,
                             1e-45f,
                             0.5f,
                             -0.5f,
                             126.5f,
                             127.0f,
                             254.5f,
                             255.0f,
                             256.0f,
                             -1.0f,
                             3e38f,
                             infinity,
                             -infinity,
                             std::numeric_limits<float>::quiet_NaN(),
                             -std::numeric_limits<float>::quiet_NaN()};
    const float factor = 3.0f;
    for (std::size_t count = 0; count <= 200; ++count) {
        for (int round = 0; round < 8; ++round) {
            const bool whole = round % 2 == 0;
            const auto values = exact_query<float>(count);  // in a buffer that ends where they end
            for (std::size_t i = 0; i < count; ++i) {
                values[i] = whole ? static_cast<float>(random.below(256))
                                  : static_cast<float>(random.next()) * 0x1p-24f - 128.0f;
            }
            if (round >= 4 && count > 0)
                values[random.below(static_cast<std::uint32_t>(count))] = unusual[random.below(16)];
            float largest = 0;
            bool are_whole = true;
            std::vector<std::int8_t> rounded(count + 1, 99);
            std::vector<std::uint8_t> bytes(count + 1, 99);
            for (std::size_t i = 0; i < count; ++i) {
                const float value = values[i] * factor;
                if (std::fabs(values[i]) > largest) largest = std::fabs(values[i]);
                are_whole = are_whole && values[i] >= 0 && values[i] <= 255 && values[i] == std::floor(values[i]);
                rounded[i] = std::isnan(value)
                                 ? std::int8_t{127}
                                 : static_cast<std::int8_t>(std::round(std::clamp(value, -127.0f, 127.0f)));
                bytes[i] = are_whole ? static_cast<std::uint8_t>(values[i]) : std::uint8_t{0};
            }
            for (const Kernels* const* table = supported(); *table; ++table) {
                std::vector<std::int8_t> code(count + 1, 99);
                std::vector<std::uint8_t> copied(count + 1, 99);
                (*table)->round_to_i8(values.get(), factor, count, code.data());
                CHECK((*table)->largest_magnitude(values.get(), count) == largest);
                CHECK(code == rounded);
                CHECK((*table)->whole_u8(values.get(), count, copied.data()) == are_whole);
                CHECK(copied[count] == 99 && (!are_whole || copied == bytes));
            }
        }
    }
}

TEST(kernels_supported_starts_with_scalar) {
    const Kernels* const* tables = supported();
    CHECK(tables[0] == &scalar_kernels);
    std::set<std::string> names;
    std::string line = "      this machine runs:";
    for (; *tables; ++tables) {
        CHECK(names.insert((*tables)->name).second);
        line += std::string(" ") + (*tables)->name;
        CHECK((*tables)->dot_f32 && (*tables)->squared_l2_f32 && (*tables)->l1_f32 && (*tables)->dot_i8);
        CHECK((*tables)->squared_l2_u8 && (*tables)->l1_u8 && (*tables)->hamming && (*tables)->half_to_float);
        CHECK((*tables)->dot_i8_block && (*tables)->dot_u4 && (*tables)->vectors);
        CHECK((*tables)->sketch_below && (*tables)->sketch_residual && (*tables)->hadamard);
        CHECK((*tables)->largest_magnitude && (*tables)->round_to_i8 && (*tables)->whole_u8);
    }
    std::printf("%s\n", line.c_str());
}

TEST(kernels_forced_by_name_are_those) {
    const Kernels* fastest = nullptr;
    for (const Kernels* const* table = supported(); *table; ++table) {
        fastest = *table;
        CHECK(choose((*table)->name).kernels == *table);
        CHECK(*table == &scalar_kernels || (*table)->dot_i8 != scalar_kernels.dot_i8);
    }
    CHECK(choose(nullptr).kernels == fastest);
    CHECK(choose("").kernels == fastest);
}

TEST(kernels_unknown_name_is_refused) {
    for (const std::string& name : {std::string("avx1024"), std::string("AVX2"), std::string(1000, 'x')}) {
        const Choice choice = choose(name.c_str());
        const std::string message = choice.message;
        CHECK(choice.kernels == nullptr);
        CHECK(message.find(name.substr(0, 60)) != std::string::npos);
        CHECK(message.find("not an instruction set") != std::string::npos);
        CHECK(message.find("Unset it") != std::string::npos);
        for (const Kernels* const* table = supported(); *table; ++table)
            CHECK(message.find(std::string(" ") + (*table)->name) != std::string::npos);
    }
    for (const char* name : {"avx2", "avx512", "avx512vnni", "neon", "neondotprod"}) {
        const Choice choice = choose(name);
        if (!choice.kernels) CHECK(std::string(choice.message).find("cannot run") != std::string::npos);
    }
    CHECK(!choose("avx2").kernels || !choose("neon").kernels);
}

TEST(kernels_chosen_follows_the_environment) {
    const char* message = nullptr;
    const Kernels* kernels = chosen(&message);
    CHECK(kernels == choose(std::getenv("NEARFILE_ISA")).kernels);
    CHECK((kernels == nullptr) == (message != nullptr));
    CHECK(chosen(nullptr) == kernels);
}
