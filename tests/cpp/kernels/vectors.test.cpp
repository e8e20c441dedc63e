// Kernels that read vectors as they are kept: against the kernels of floats, given the same values, and bit for bit
// against the scalar version.
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

enum class Kept { singles, halves, bytes, upper, parts };
constexpr Kept all_kept[] = {Kept::singles, Kept::halves, Kept::bytes, Kept::upper, Kept::parts};

VectorKernelSet set_of(const Kernels& table, Kept kept) {
    const VectorKernels& vectors = *table.vectors;
    const VectorKernelSet sets[] = {vectors.singles, vectors.halves, vectors.bytes, vectors.upper, vectors.parts};
    return sets[static_cast<int>(kept)];
}

std::size_t bytes_of(Kept kept) {
    return kept == Kept::singles ? 4 : kept == Kept::bytes ? 1 : 2;
}

float with_bits(std::uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

// Some rows of values, in one way of keeping them, and as floats.
struct Sample {
    std::size_t dim;
    static constexpr std::size_t n = 7;
    Kept kept;
    Rows<unsigned char> values;
    Rows<unsigned char> lower;
    Rows<float> floats;
    std::unique_ptr<float[]> query;
    std::unique_ptr<float[]> scales;

    // `draw` gives 32 random bits, of which a value takes as many as it has.
    template <class Draw>
    Sample(std::size_t sample_dim, Kept way, std::size_t offset, std::size_t padding, Draw draw)
        : dim(sample_dim),
          kept(way),
          values(dim * bytes_of(way), n, offset, padding, way == Kept::singles ? 0 : code_overread),
          lower(dim * 2, n, offset, padding, code_overread),
          floats(dim, n, 0, 0, 0),
          query(exact_query<float>(dim)),
          scales(exact_query<float>(n)) {
        for (std::size_t row = 0; row < n; ++row)
            for (std::size_t i = 0; i < dim; ++i) put(row, i, draw());
    }

    void put(std::size_t row, std::size_t i, std::uint32_t bits) {
        const auto low = static_cast<std::uint16_t>(bits);
        const auto high = static_cast<std::uint16_t>(bits >> 16);
        float value = with_bits(bits);
        std::uint32_t stored = bits;
        if (kept == Kept::halves) {
            stored = low;
            scalar_kernels.half_to_float(&low, 1, &value);
        } else if (kept == Kept::bytes) {
            stored = bits & 255;
            value = static_cast<float>(stored);
        } else if (kept != Kept::singles) {
            stored = high;
            if (kept == Kept::upper) value = with_bits(bits & 0xffff0000U);
        }
        for (std::size_t b = 0; b < bytes_of(kept); ++b)
            values.set(row, i * bytes_of(kept) + b, static_cast<unsigned char>(stored >> 8 * b));
        for (std::size_t b = 0; b < 2; ++b) lower.set(row, i * 2 + b, static_cast<unsigned char>(low >> 8 * b));
        floats.set(row, i, value);
    }

    VectorRows rows(float scale, bool each) const {
        return {values.data(), kept == Kept::parts ? lower.data() : nullptr, values.stride,
                each ? scales.get() : nullptr, scale};
    }
};

std::vector<float> run(VectorKernel* kernel, const Sample& sample, const VectorRows& rows,
                       const std::vector<ItemId>* ids) {
    const std::size_t count = ids ? ids->size() : Sample::n;
    std::vector<float> out(count + 1, 123.0f);
    kernel(sample.query.get(), rows, ids ? ids->data() : nullptr, count, sample.dim, out.data());
    CHECK(out[count] == 123.0f);
    out.pop_back();
    return out;
}

bool same(const std::vector<float>& a, const std::vector<float>& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t j = 0; j < a.size(); ++j)
        if (!(std::isnan(a[j]) && std::isnan(b[j])) && !same_bits<float>({a[j]}, {b[j]})) return false;
    return true;
}

// All instruction sets agree, by ids and in sequence, for every number of rows; and bytes around the rows do not
// matter.
void check_tables(const Sample& sample, const std::string& what, Random& random) {
    VectorKernel* VectorKernelSet::* const kernels[] = {&VectorKernelSet::dot, &VectorKernelSet::squared_l2,
                                                        &VectorKernelSet::l1, &VectorKernelSet::magnitude};
    const Rows<unsigned char> moved = sample.values.with_other_surroundings(random);
    const Rows<unsigned char> moved_lower = sample.lower.with_other_surroundings(random);
    for (const auto kernel : kernels) {
        for (const bool each : {false, true}) {
            const VectorRows rows = sample.rows(1.00390625f, each);
            VectorRows other = rows;
            other.values = moved.data();
            if (rows.lower) other.lower = moved_lower.data();
            const auto reference = set_of(scalar_kernels, sample.kept).*kernel;
            for (std::size_t count = 0; count <= Sample::n + 2; ++count) {
                std::vector<ItemId> ids(count);
                for (ItemId& id : ids) id = random.below(Sample::n);
                const auto expected = run(reference, sample, rows, &ids);
                for (const Kernels* const* table = supported(); *table; ++table) {
                    const auto tested = set_of(**table, sample.kept).*kernel;
                    if (!same(run(tested, sample, rows, &ids), expected))
                        nearfile::test::fail(__FILE__, __LINE__, what + " differs from scalar: " + (*table)->name);
                    if (!same(run(tested, sample, other, &ids), expected))
                        nearfile::test::fail(__FILE__, __LINE__, what + ", bytes around matter: " + (*table)->name);
                }
            }
            const auto in_sequence = run(reference, sample, rows, nullptr);
            for (const Kernels* const* table = supported(); *table; ++table)
                CHECK(same(run(set_of(**table, sample.kept).*kernel, sample, rows, nullptr), in_sequence));
        }
    }
}

// Without a scale they are the kernels of floats; with one, those of rows that were multiplied before.
void check_against_floats(const Sample& sample) {
    const VectorKernelSet& set = set_of(scalar_kernels, sample.kept);
    for (const bool each : {false, true}) {
        Rows<float> scaled(sample.dim, Sample::n, 0, 0, 0);
        for (std::size_t row = 0; row < Sample::n; ++row)
            for (std::size_t i = 0; i < sample.dim; ++i)
                scaled.set(row, i, each ? sample.floats.get(row, i) * sample.scales[row] : sample.floats.get(row, i));
        const VectorRows rows = sample.rows(1.0f, each);
        const auto floats = [&](auto kernel) {
            std::vector<float> out(Sample::n);
            kernel(sample.query.get(), scaled.data(), scaled.stride, nullptr, Sample::n, sample.dim, out.data());
            return out;
        };
        CHECK(same(run(set.dot, sample, rows, nullptr), floats(scalar_kernels.dot_f32)));
        CHECK(same(run(set.squared_l2, sample, rows, nullptr), floats(scalar_kernels.squared_l2_f32)));
        CHECK(same(run(set.l1, sample, rows, nullptr), floats(scalar_kernels.l1_f32)));
        const auto magnitudes = run(set.magnitude, sample, rows, nullptr);
        for (std::size_t row = 0; row < Sample::n; ++row) {
            double sum = 0;
            for (std::size_t i = 0; i < sample.dim; ++i) {
                sum += std::fabs(static_cast<double>(sample.query[i]) * scaled.get(row, i));
            }
            CHECK(std::fabs(magnitudes[row] - sum) <= 1e-5 * sum + 1e-30);
        }
    }
}

}  // namespace

TEST(kernels_of_kept_vectors_agree_with_floats_and_with_each_other) {
    Random random;
    for (const std::size_t dim : sizes(300, {511, 784, 1024, 4096})) {
        for (const Kept kept : all_kept) {
            // Numbers from 2^-7 to 2^3 in either precision.
            const auto draw = [&] {
                const std::uint32_t bits = random.next();
                return kept == Kept::halves ? (bits & 0xa3ffU) + 0x2000U
                                            : (bits & 0x80ffffffU) + ((120U + random.below(10)) << 23);
            };
            Sample sample(dim, kept, kept == Kept::singles ? 4 * (dim % 5) : dim % 5, 4 * (dim % 3), draw);
            const auto uniform = [&] { return static_cast<float>(random.next()) * 0x1p-31f - 1.0f; };
            for (std::size_t i = 0; i < dim; ++i) sample.query[i] = uniform();
            for (std::size_t row = 0; row < Sample::n; ++row) sample.scales[row] = uniform();
            check_against_floats(sample);
            check_tables(sample, "dim " + std::to_string(dim), random);
        }
    }
}

// Every pattern of bits, and scales that damaged files have.
TEST(kernels_of_kept_vectors_agree_on_unusual_numbers) {
    const float unusual[] = {0.0f, -0.0f, 1e-45f, -1.0f, 3e38f, 1e-20f, std::numeric_limits<float>::infinity()};
    Random random;
    for (const std::size_t dim : sizes(100, {})) {
        for (const Kept kept : all_kept) {
            Sample sample(dim, kept, 0, 4, [&] { return random.next(); });
            for (std::size_t i = 0; i < dim; ++i) sample.query[i] = unusual[random.below(6)];
            for (std::size_t row = 0; row < Sample::n; ++row) sample.scales[row] = unusual[random.below(7)];
            check_tables(sample, "unusual dim " + std::to_string(dim), random);
        }
    }
}
