#include "codes/sketch.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>

#include "codes/four_lanes.hpp"

namespace nearfile::codes {
namespace {

constexpr std::size_t table = 16;     // entries
constexpr std::size_t per_table = 4;  // dimensions
constexpr float most_entry = 63.0f;
constexpr std::int32_t low_six_bits = 0x3f3f3f3f;  // of each of four bytes

constexpr float most_byte = 255.0f;

std::uint8_t nearest_byte(float value) noexcept {
    return static_cast<std::uint8_t>(std::min(value + 0.5f, most_byte));
}

// The largest whose square, so many steps above the least, is not above the value.
std::uint8_t byte_below(float value, const SketchScales& scales) noexcept {
    const float root = std::sqrt((value - scales.least_additive) / scales.additive_step);
    int byte = static_cast<int>(std::min(root, most_byte));
    while (byte > 0 && scales.least_additive + scales.additive_step * static_cast<float>(byte * byte) > value) --byte;
    return static_cast<std::uint8_t>(byte);
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
    const Words cut = entries & low_six_bits;
    std::memcpy(to, &cut, sizeof cut);
}

}  // namespace

SketchWriter::SketchWriter(const kernels::Kernels& kernels, const SketchLayout& layout, std::size_t dim)
    : kernels_(&kernels),
      layout_(layout),
      unseen_(dim > layout.dim ? (dim - layout.dim + 7) / 8 * 8 : 0),
      unseen_signs_(unseen_ / 8 * sketch_group),
      pending_(layout.degree) {}

void SketchWriter::begin(std::byte* row) noexcept {
    std::memset(row, 0, layout_.stride);
    if (layout_.kind == SketchKind::squared_distance) std::memset(row + layout_.additive, 0xff, layout_.degree);
    std::memset(row + layout_.ids, 0xff, layout_.degree * layout_.id_bytes);
    row_ = row;
    n_ = 0;
}

void SketchWriter::add(std::uint32_t id, const float* vertex, const std::int8_t* code, float code_scale) noexcept {
    const std::size_t place = n_++;
    std::byte* bits = row_ + place / sketch_group * layout_.pairs * sketch_group + place % sketch_group;
    float sums[3];
    kernels_->sketch_residual(vertex, code, code_scale, (layout_.dim + 7) / 8 * 8,
                              reinterpret_cast<std::uint8_t*>(bits), sums);
    float square = sums[1];
    if (unseen_ > 0) {
        float rest[3];
        kernels_->sketch_residual(vertex + layout_.dim, code + layout_.dim, code_scale, unseen_, unseen_signs_.data(),
                                  rest);
        square += rest[1];
    }
    const float f = sums[0] > 0 ? square / sums[0] : 0.0f;
    pending_[place] = {square, layout_.kind == SketchKind::inner_product ? f : 2.0f * f, sums[2]};
    std::memcpy(row_ + layout_.ids + place * layout_.id_bytes, &id, layout_.id_bytes);  // the lower bytes
}

void SketchWriter::finish() noexcept {
    const std::span<Pending> neighbors(pending_.data(), n_);
    SketchScales scales{};
    float largest = 0;
    for (Pending& each : neighbors) {
        if (!std::isfinite(each.factor)) each.factor = 0;
        largest = std::max(largest, each.factor);
    }
    scales.factor_step = largest / most_byte;
    float least = std::numeric_limits<float>::max();
    float most = -least;
    bool finite = true;
    auto* factors = reinterpret_cast<std::uint8_t*>(row_ + layout_.factor);
    for (std::size_t i = 0; i < n_; ++i) {
        Pending& each = neighbors[i];
        // A step that underflowed counts nothing.
        factors[i] = scales.factor_step > 0 ? nearest_byte(each.factor / scales.factor_step) : 0;
        each.squares += scales.factor_step * static_cast<float>(factors[i]) * each.along;  // additive from here on
        finite = finite && std::isfinite(each.squares);
        least = std::min(least, each.squares);
        most = std::max(most, each.squares);
    }
    if (layout_.kind == SketchKind::squared_distance && n_ > 0) {
        scales.least_additive = finite ? least : -std::numeric_limits<float>::max();
        const float step = (most - least) / (most_byte * most_byte);
        scales.additive_step = finite && std::isfinite(step) ? step : 0.0f;
        auto* additive = reinterpret_cast<std::uint8_t*>(row_ + layout_.additive);
        for (std::size_t i = 0; i < n_ && scales.additive_step > 0; ++i) {
            additive[i] = byte_below(neighbors[i].squares, scales);
        }
    }
    std::memcpy(row_ + layout_.scales, &scales, layout_.scale_bytes());
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
