#include "forest/two_means.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/rounding.hpp"
#include "kernels/prefetch.hpp"

namespace nearfile::forest {
namespace {

// Annoy takes 200 samples for every node. A node of a hundred items does not need them, and such nodes are nearly all:
// see docs/algorithms/forest.md for what this costs and gives.
constexpr std::uint32_t max_samples = 200;
constexpr std::uint32_t items_per_sample = 4;
constexpr std::uint32_t min_samples = 16;
constexpr std::uint32_t samples_ahead = 8;

double squared_norm(const float* values, std::size_t n) noexcept {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += static_cast<double>(values[i]) * values[i];
    return sum;
}

}  // namespace

TwoMeans::TwoMeans(const kernels::Kernels& kernels, const Points& points)
    : kernels_(kernels),
      points_(points),
      width_(points.dim + (points.augmented_coordinates.empty() ? 0 : 1)),
      centres_(2 * width_),
      point_(width_) {}

void TwoMeans::decode(ItemId item, float* out) const noexcept {
    const std::int8_t* code = points_.rows + item * points_.stride;
    const float scale = points_.scales[item];
    for (std::size_t i = 0; i < points_.dim; ++i) out[i] = scale * static_cast<float>(code[i]);
    if (!points_.augmented_coordinates.empty()) out[points_.dim] = points_.augmented_coordinates[item];
}

void TwoMeans::prefetch(ItemId item) const noexcept {
    const std::int8_t* row = points_.rows + item * points_.stride;
    for (std::size_t i = 0; i < points_.stride; i += 64) kernels::prefetch(row + i);
}

void TwoMeans::choose(std::span<const ItemId> items, base::Random& random, Plane& plane) {
    const auto count = static_cast<std::uint32_t>(items.size());
    const std::uint32_t first = random.below(count);
    const std::uint32_t second = (first + 1 + random.below(count - 1)) % count;
    decode(items[first], centre(0));
    decode(items[second], centre(1));

    float sizes[2] = {1, 1};
    const std::uint32_t samples = std::clamp(count / items_per_sample, min_samples, max_samples);
    // Drawn beforehand, so that the rows can be on their way from memory.
    std::array<ItemId, max_samples> drawn;
    for (std::uint32_t s = 0; s < samples; ++s) drawn[s] = items[random.below(count)];
    for (std::uint32_t s = 0; s < samples; ++s) {
        if (s + samples_ahead < samples) prefetch(drawn[s + samples_ahead]);
        decode(drawn[s], point_.data());
        float distances[2];
        kernels_.squared_l2_f32(point_.data(), centres_.data(), width_ * sizeof(float), nullptr, 2, width_, distances);
        const float weighted[2] = {sizes[0] * distances[0], sizes[1] * distances[1]};
        if (weighted[0] == weighted[1]) continue;
        const int nearer = weighted[0] < weighted[1] ? 0 : 1;
        float* mean = centre(nearer);
        const float share = 1.0f / (sizes[nearer] + 1.0f);
        for (std::size_t i = 0; i < width_; ++i) mean[i] += (point_[i] - mean[i]) * share;
        sizes[nearer] += 1.0f;
    }

    if (!points_.augmented_coordinates.empty()) {
        // The bisector of the two directions goes through the origin, where queries of any length are on the same
        // side.
        for (int which = 0; which < 2; ++which) {
            const double norm = std::sqrt(squared_norm(centre(which), width_));
            const float inverse = norm > 0 ? static_cast<float>(1.0 / norm) : 0.0f;
            for (std::size_t i = 0; i < width_; ++i) centre(which)[i] *= inverse;
        }
    }
    quantise(plane);
}

void TwoMeans::quantise(Plane& plane) const noexcept {
    const float* a = centres_.data();
    const float* b = centres_.data() + width_;
    float largest = 0;
    for (std::size_t i = 0; i < points_.dim; ++i) largest = std::max(largest, std::fabs(a[i] - b[i]));
    std::fill(plane.code.begin(), plane.code.end(), std::int8_t{0});
    plane.scale = plane.augmented_weight = plane.offset = 0;
    const float step = largest / 127.0f;
    const float inverse = 1.0f / step;
    if (!(step > 0) || !std::isfinite(inverse)) return;

    const double augmented =
        points_.augmented_coordinates.empty() ? 0.0 : (static_cast<double>(a[points_.dim]) - b[points_.dim]) / step;
    double squares = augmented * augmented;
    double middle = 0;
    for (std::size_t i = 0; i < points_.dim; ++i) {
        const std::int8_t code = base::round_to_int8((a[i] - b[i]) * inverse);
        plane.code[i] = code;
        squares += static_cast<double>(code) * code;
        middle += code * (static_cast<double>(a[i]) + b[i]) * 0.5;
    }
    const double scale = 1.0 / std::sqrt(squares);
    plane.scale = static_cast<float>(scale);
    plane.augmented_weight = static_cast<float>(augmented * scale);
    if (points_.augmented_coordinates.empty()) plane.offset = static_cast<float>(-middle * scale);
}

}  // namespace nearfile::forest
