#include "build/typical_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "build/encode.hpp"
#include "build/stages.hpp"

namespace nearfile::build {
namespace {

// Times the distance of half of the rows from the middle. Usual data ends well before: of a million normal rows in one
// dimension none is beyond 8, of lengths that spread over a decade few are.
constexpr float far_out = 32.0f;

float middle_of(std::vector<float>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

TypicalRows::TypicalRows(const kernels::Kernels& kernels, Metric metric, const Rows& rows)
    : kernels_(kernels), median_(rows.dim()), limit_(std::numeric_limits<float>::infinity()) {
    if (rows.count() == 0 || rows.bits()) return;
    const std::size_t dim = rows.dim();
    const std::vector<float> sample = sample_rows(rows.count(), dim, [&](std::uint32_t row, std::span<float> values) {
        load_row(kernels, metric, rows, row, values);
    });
    const std::size_t n = sample.size() / dim;
    std::vector<float> column(n);
    for (std::size_t i = 0; i < dim; ++i) {
        for (std::size_t row = 0; row < n; ++row) column[row] = sample[row * dim + i];
        median_[i] = middle_of(column);
    }
    std::vector<float> squares(n);
    kernels.squared_l2_f32(median_.data(), sample.data(), dim * sizeof(float), nullptr, n, dim, squares.data());
    // Where most rows are one and the same, the others say what is usual.
    std::erase(squares, 0.0f);
    if (!squares.empty()) limit_ = far_out * far_out * middle_of(squares);
}

bool TypicalRows::is_far_out(std::span<const float> values) const noexcept {
    float square = 0;
    kernels_.squared_l2_f32(median_.data(), values.data(), 0, nullptr, 1, values.size(), &square);
    return square > limit_;
}

void TypicalRows::shorten(std::span<float> centered) const noexcept {
    float square = 0;
    kernels_.dot_f32(centered.data(), centered.data(), 0, nullptr, 1, centered.size(), &square);
    if (!(square > limit_)) return;
    const float scale = std::sqrt(limit_ / square);
    for (float& value : centered) value *= scale;
}

}  // namespace nearfile::build
