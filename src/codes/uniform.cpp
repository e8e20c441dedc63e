#include "codes/uniform.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <new>

namespace nearfile::codes {
namespace {

struct Lost {
    float l1;
    float l2;
};

Lost encode(std::span<const float> values, const UniformScale& scale, std::uint8_t* code) noexcept {
    double l1 = 0;
    double squares = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const float offset = scale.offsets.empty() ? 0.0f : scale.offsets[i];
        // In this order, what is no number (of a damaged file) becomes 255.
        const float steps = std::max(0.0f, std::min(255.0f, (values[i] - offset) / scale.scale));
        code[i] = static_cast<std::uint8_t>(steps + 0.5f);
        const double difference =
            static_cast<double>(values[i]) - (static_cast<double>(offset) + static_cast<double>(scale.scale) * code[i]);
        l1 += std::fabs(difference);
        squares += difference * difference;
    }
    // Rounded up: the bounds lean on them.
    return {static_cast<float>(l1 * (1.0 + 1e-6)), static_cast<float>(std::sqrt(squares) * (1.0 + 1e-6))};
}

}  // namespace

UniformQuery::UniformQuery(std::size_t dim) : code_((dim + 63) / 64 * 64) {
    if (!code_.ok()) throw std::bad_alloc();
}

void UniformQuery::set(std::span<const float> values, const UniformScale& scale) {
    const Lost lost = encode(values, scale, code_.as<std::uint8_t>().data());
    l1_error_ = lost.l1;
    l2_error_ = lost.l2;
}

void encode_uniform(std::span<const float> values, const UniformScale& scale, const UniformLayout& layout,
                    std::byte* row) {
    std::memset(row, 0, layout.stride);
    const Lost lost = encode(values, scale, reinterpret_cast<std::uint8_t*>(row));
    if (!layout.exact) std::memcpy(row + layout.tail, &lost.l1, sizeof lost.l1);
}

void UniformCodes::euclidean(const UniformQuery& query, const RowId* ids, RowId first, std::size_t count,
                             Bounds out) const {
    std::array<std::uint32_t, batch> sums;
    const std::byte* rows = ids != nullptr ? rows_.data() : rows_.data() + first * layout_.stride;
    kernels_->squared_l2_u8(query.code(), reinterpret_cast<const std::uint8_t*>(rows), layout_.stride, ids, count,
                            layout_.dim, sums.data());
    const float rounding = rounding_allowance(layout_.dim);
    for (std::size_t j = 0; j < count; ++j) {
        const float distance = scale_.scale * std::sqrt(static_cast<float>(sums[j]));
        out.lower[j] = distance * (1.0f - rounding) - query.l2_error();
        out.upper[j] = distance * (1.0f + rounding) + query.l2_error();
    }
}

void UniformCodes::manhattan(const UniformQuery& query, const RowId* ids, RowId first, std::size_t count,
                             Bounds out) const {
    std::array<std::uint32_t, batch> sums;
    const std::byte* rows = ids != nullptr ? rows_.data() : rows_.data() + first * layout_.stride;
    kernels_->l1_u8(query.code(), reinterpret_cast<const std::uint8_t*>(rows), layout_.stride, ids, count, layout_.dim,
                    sums.data());
    const float rounding = rounding_allowance(layout_.dim);
    for (std::size_t j = 0; j < count; ++j) {
        float error = query.l1_error();
        if (!layout_.exact) {
            float lost;
            std::memcpy(&lost, rows + (ids != nullptr ? ids[j] : j) * layout_.stride + layout_.tail, sizeof lost);
            error += lost;
        }
        const float distance = scale_.scale * static_cast<float>(sums[j]);
        out.lower[j] = distance * (1.0f - rounding) - error;
        out.upper[j] = distance * (1.0f + rounding) + error;
    }
}

void UniformCodes::decode(RowId row, std::span<float> out) const noexcept {
    const std::byte* code = rows_.data() + row * layout_.stride;
    for (std::size_t i = 0; i < out.size(); ++i) {
        const float offset = scale_.offsets.empty() ? 0.0f : scale_.offsets[i];
        out[i] = offset + scale_.scale * static_cast<float>(std::to_integer<std::uint8_t>(code[i]));
    }
}

}  // namespace nearfile::codes
