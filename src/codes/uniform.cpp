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

// Sums side by side, so that a compiler may keep them in one register without changing the order of additions.
constexpr std::size_t lanes = 8;

// Bytes may be anything to a compiler, so it must be told that the code is not the values.
void round_all(const float* __restrict values, const float* __restrict offsets, float step,
               std::uint8_t* __restrict code, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
        // In this order, what is no number (of a damaged file) becomes 255.
        const float steps = std::max(0.0f, std::min(255.0f, (values[i] - offsets[i]) / step));
        code[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(steps + 0.5f));
    }
}

// Lengths of values - offsets - step * code, rounded up, because bounds lean on them.
Lost measure(const float* __restrict values, const float* __restrict offsets, float step,
             const std::uint8_t* __restrict code, std::size_t count, bool plain) noexcept {
    float l1[lanes] = {};
    float squares[lanes] = {};
    float largest[lanes] = {};
    const auto add = [&](std::size_t i, std::size_t l) {
        const float difference = values[i] - (offsets[i] + step * static_cast<float>(code[i]));
        l1[l] += std::fabs(difference);
        squares[l] += difference * difference;
        largest[l] = std::max(largest[l], std::fabs(values[i]) + std::fabs(offsets[i]));
    };
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        for (std::size_t l = 0; l < lanes; ++l) add(i + l, l);
    }
    for (; i < count; ++i) add(i, 0);
    double l1_sum = 0;
    double squares_sum = 0;
    for (std::size_t l = 0; l < lanes; ++l) {
        l1_sum += l1[l];
        squares_sum += squares[l];
    }
    // Each difference may be off by a few roundings (by none where a code is the value itself), and a lane's sum by one
    // for each of at most 65,536 / 8 additions.
    const bool lossless = plain && l1_sum == 0;
    const double rounding = lossless ? 0.0 : 4e-7 * (*std::max_element(largest, largest + lanes) + 256.0 * step);
    const auto dim = static_cast<double>(count);
    return {static_cast<float>(l1_sum * (1.0 + 6e-4) + dim * rounding),
            static_cast<float>(std::sqrt(squares_sum) * (1.0 + 3e-4) + std::sqrt(dim) * rounding)};
}

Lost encode(std::span<const float> values, const UniformScale& scale, std::uint8_t* code) noexcept {
    // In pieces, so that offsets that are all zero need no array of their own.
    constexpr std::size_t piece = 256;
    constexpr std::array<float, piece> zeros{};
    if (!scale.offsets.empty()) {
        round_all(values.data(), scale.offsets.data(), scale.scale, code, values.size());
        return measure(values.data(), scale.offsets.data(), scale.scale, code, values.size(), false);
    }
    Lost lost{};
    double squares = 0;
    for (std::size_t start = 0; start < values.size(); start += piece) {
        const std::size_t n = std::min(piece, values.size() - start);
        round_all(values.data() + start, zeros.data(), scale.scale, code + start, n);
        const Lost some =
            measure(values.data() + start, zeros.data(), scale.scale, code + start, n, scale.scale == 1.0f);
        lost.l1 += some.l1;
        squares += static_cast<double>(some.l2) * some.l2;
    }
    return {lost.l1 * (1.0f + 1e-4f), static_cast<float>(std::sqrt(squares) * (1.0 + 1e-6))};
}

}  // namespace

UniformQuery::UniformQuery(std::size_t dim) : code_((dim + 63) / 64 * 64) {
    if (!code_.ok()) throw std::bad_alloc();
}

void UniformQuery::set(const kernels::Kernels& kernels, std::span<const float> values, const UniformScale& scale) {
    lossless_ = scale.offsets.empty() && scale.scale == 1.0f &&
                kernels.whole_u8(values.data(), values.size(), code_.as<std::uint8_t>().data());
    if (lossless_) {
        l1_error_ = 0;
        l2_error_ = 0;
        return;
    }
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

void UniformCodes::euclidean(const UniformQuery& query, const ItemId* ids, ItemId first, std::size_t count,
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

void UniformCodes::manhattan(const UniformQuery& query, const ItemId* ids, ItemId first, std::size_t count,
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

void UniformCodes::exact_euclidean(const UniformQuery& query, const ItemId* ids, std::size_t count, float* out) const {
    std::array<std::uint32_t, batch> sums;
    kernels_->squared_l2_u8(query.code(), reinterpret_cast<const std::uint8_t*>(rows_.data()), layout_.stride, ids,
                            count, layout_.dim, sums.data());
    for (std::size_t j = 0; j < count; ++j) out[j] = std::sqrt(static_cast<float>(sums[j]));
}

void UniformCodes::exact_manhattan(const UniformQuery& query, const ItemId* ids, std::size_t count, float* out) const {
    std::array<std::uint32_t, batch> sums;
    kernels_->l1_u8(query.code(), reinterpret_cast<const std::uint8_t*>(rows_.data()), layout_.stride, ids, count,
                    layout_.dim, sums.data());
    for (std::size_t j = 0; j < count; ++j) out[j] = static_cast<float>(sums[j]);
}

void UniformCodes::decode(ItemId row, std::span<float> out) const noexcept {
    const std::byte* code = rows_.data() + row * layout_.stride;
    for (std::size_t i = 0; i < out.size(); ++i) {
        const float offset = scale_.offsets.empty() ? 0.0f : scale_.offsets[i];
        out[i] = offset + scale_.scale * static_cast<float>(std::to_integer<std::uint8_t>(code[i]));
    }
}

}  // namespace nearfile::codes
