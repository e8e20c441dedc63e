#include "codes/sketch.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>

#include "base/half.hpp"

namespace nearfile::codes {
namespace {

constexpr std::size_t table = 16;     // entries
constexpr std::size_t per_table = 4;  // dimensions
constexpr float most_entry = 63.0f;
constexpr std::uint16_t half_infinity = 0x7c00;

void write_half(std::byte* at, std::uint16_t half) noexcept {
    std::memcpy(at, &half, sizeof half);
}

}  // namespace

void SketchWriter::clear(std::byte* row) const noexcept {
    std::memset(row, 0, layout_.stride);
    for (std::size_t place = 0; place < layout_.degree; ++place) {
        std::memcpy(row + place * sizeof no_neighbor, &no_neighbor, sizeof no_neighbor);
        write_half(row + layout_.additive + place * 2, half_infinity);
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
    write_half(row + layout_.additive + place * 2, base::to_half(additive * scale_));
    write_half(row + layout_.factor + place * 2, base::to_half(factor * scale_));
}

SketchTables::SketchTables(const SketchLayout& layout)
    : pairs_(layout.pairs), tables_(2 * pairs_ * table), padded_(2 * pairs_ * per_table * sizeof(float)) {
    if (!tables_.ok() || !padded_.ok()) throw std::bad_alloc();
}

// <s, q> for the signs of four dimensions is twice the sum of the values whose bit is set, minus the sum of all. An
// entry counts from the least sum that its table has, in steps that the widest table sets.
void SketchTables::set(std::span<const float> query) {
    const std::size_t n_tables = 2 * pairs_;
    float* values = padded_.as<float>().data();
    std::copy(query.begin(), query.end(), values);
    float total = 0;
    float least_total = 0;
    float widest = 0;
    for (std::size_t t = 0; t < n_tables; ++t) {
        const float* v = values + t * per_table;
        float least = 0;
        float most = 0;
        for (std::size_t i = 0; i < per_table; ++i) {
            least += std::min(v[i], 0.0f);
            most += std::max(v[i], 0.0f);
        }
        least_total += least;
        total += least + most;
        widest = std::max(widest, most - least);
    }
    const float inverse = widest > std::numeric_limits<float>::min() * most_entry ? most_entry / widest : 0.0f;
    auto* entries = tables_.as<std::uint8_t>().data();
    for (std::size_t t = 0; t < n_tables; ++t) {
        const float* v = values + t * per_table;
        float least = 0;
        for (std::size_t i = 0; i < per_table; ++i) least += std::min(v[i], 0.0f);
        const float v0 = v[0] * inverse;
        const float v1 = v[1] * inverse;
        const float v2 = v[2] * inverse;
        const float v3 = v[3] * inverse;
        float sums[table];
        sums[0] = 0.5f - least * inverse;
        sums[1] = sums[0] + v0;
        for (std::size_t i = 0; i < 2; ++i) sums[2 + i] = sums[i] + v1;
        for (std::size_t i = 0; i < 4; ++i) sums[4 + i] = sums[i] + v2;
        for (std::size_t i = 0; i < 8; ++i) sums[8 + i] = sums[i] + v3;
        std::uint8_t* entry = entries + ((t % 2) * pairs_ + t / 2) * table;
        for (std::size_t i = 0; i < table; ++i) {
            entry[i] =
                static_cast<std::uint8_t>(std::clamp(static_cast<int>(sums[i]), 0, static_cast<int>(most_entry)));
        }
    }
    query_ = {entries, entries + pairs_ * table, pairs_, inverse > 0 ? 2.0f / inverse : 0.0f,
              2.0f * least_total - total};
}

}  // namespace nearfile::codes
