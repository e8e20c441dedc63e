#include "codes/sketch.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>

#include "base/bfloat16.hpp"

namespace nearfile::codes {
namespace {

constexpr std::size_t table = 16;     // entries
constexpr std::size_t per_table = 4;  // dimensions
constexpr float most_entry = 63.0f;

void write_bfloat16(std::byte* at, float value) noexcept {
    const std::uint16_t upper = base::to_bfloat16(value);
    std::memcpy(at, &upper, sizeof upper);
}

constexpr std::size_t lanes = 4;
using Floats = float __attribute__((vector_size(16)));
using Words = std::int32_t __attribute__((vector_size(16)));

Words whole(Floats values) noexcept {
    return __builtin_convertvector(values, Words);
}

// Entry i of a table is the sum of the values whose bit is set in i, counted from the least. Lane l has entries 4 l to
// 4 l + 3, one a byte. They are below 64 by construction; what a damaged file makes of them is cut.
void write_table(const float* v, float inverse, float least, std::uint8_t* to) noexcept {
    const float none = 0.5f - least * inverse;
    const float first = none + v[0] * inverse;
    const float second = v[1] * inverse;
    const float third = v[2] * inverse;
    const float fourth = v[3] * inverse;
    const Floats third_bit = {0, third, 0, third};
    const Floats fourth_bit = {0, 0, fourth, fourth};
    const Words entries = whole((none + third_bit) + fourth_bit) | whole((first + third_bit) + fourth_bit) << 8 |
                          whole(((none + second) + third_bit) + fourth_bit) << 16 |
                          whole(((first + second) + third_bit) + fourth_bit) << 24;
    const Words cut = entries & 0x3f3f3f3f;
    std::memcpy(to, &cut, sizeof cut);
}

}  // namespace

void SketchWriter::clear(std::byte* row) const noexcept {
    std::memset(row, 0, layout_.stride);
    for (std::size_t place = 0; place < layout_.degree; ++place) {
        std::memcpy(row + place * sizeof no_neighbor, &no_neighbor, sizeof no_neighbor);
        write_bfloat16(row + layout_.additive + place * 2, std::numeric_limits<float>::infinity());
    }
}

void SketchWriter::add(std::byte* row, std::size_t place, std::uint32_t id, const float* vertex,
                       const std::int8_t* code, float code_scale) const {
    std::byte* bits = row + layout_.bits + place / sketch_group * layout_.pairs * sketch_group + place % sketch_group;
    float sums[3];
    kernels_->sketch_residual(vertex, code, code_scale, (layout_.dim + 7) / 8 * 8,
                              reinterpret_cast<std::uint8_t*>(bits), sums);
    const float f = sums[0] > 0 ? sums[1] / sums[0] : 0.0f;
    const bool product = kind_ == SketchKind::inner_product;
    const float factor = product ? f : 2.0f * f;
    const float additive = product ? 0.0f : sums[1] + factor * sums[2];
    std::memcpy(row + place * sizeof id, &id, sizeof id);
    write_bfloat16(row + layout_.additive + place * 2, additive);
    write_bfloat16(row + layout_.factor + place * 2, factor);
}

SketchTables::SketchTables(const SketchLayout& layout)
    : pairs_(layout.pairs),
      tables_(2 * pairs_ * table),
      padded_(2 * pairs_ * per_table * sizeof(float)),
      least_(2 * pairs_ * sizeof(float)) {
    if (!tables_.ok() || !padded_.ok() || !least_.ok()) throw std::bad_alloc();
}

// <s, q> for the signs of four dimensions is twice the sum of the values whose bit is set, minus the sum of all. An
// entry counts from the least sum that its table has, in steps that the widest table sets.
void SketchTables::set(std::span<const float> query) {
    const std::size_t n_tables = 2 * pairs_;
    float* values = padded_.as<float>().data();
    float* least = least_.as<float>().data();
    std::copy(query.begin(), query.end(), values);
    // Four tables side by side, as compilers vectorise them.
    float totals[lanes] = {};
    float least_totals[lanes] = {};
    float widths[lanes] = {};
    for (std::size_t t = 0; t < n_tables; t += lanes) {
        for (std::size_t l = 0; l < lanes; ++l) {
            const float* v = values + (t + l) * per_table;
            const float low =
                ((std::min(v[0], 0.0f) + std::min(v[1], 0.0f)) + std::min(v[2], 0.0f)) + std::min(v[3], 0.0f);
            const float high =
                ((std::max(v[0], 0.0f) + std::max(v[1], 0.0f)) + std::max(v[2], 0.0f)) + std::max(v[3], 0.0f);
            least[t + l] = low;
            least_totals[l] += low;
            totals[l] += low + high;
            widths[l] = std::max(widths[l], high - low);
        }
    }
    const float total = (totals[0] + totals[1]) + (totals[2] + totals[3]);
    const float least_total = (least_totals[0] + least_totals[1]) + (least_totals[2] + least_totals[3]);
    const float widest = *std::max_element(widths, widths + lanes);
    const float inverse = widest > std::numeric_limits<float>::min() * most_entry ? most_entry / widest : 0.0f;
    auto* entries = tables_.as<std::uint8_t>().data();
    for (std::size_t t = 0; t < n_tables; ++t) {
        write_table(values + t * per_table, inverse, least[t], entries + ((t % 2) * pairs_ + t / 2) * table);
    }
    query_ = {entries, entries + pairs_ * table, pairs_, inverse > 0 ? 2.0f / inverse : 0.0f,
              2.0f * least_total - total};
}

}  // namespace nearfile::codes
