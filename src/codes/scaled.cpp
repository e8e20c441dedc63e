#include "codes/scaled.hpp"

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>
#include <cstring>
#include <new>

namespace nearfile::codes {
namespace {

constexpr float code_limit = 127.0f;
constexpr float directionless_distance = 1.41421356f;

// Squares below have few bits or none, and so have sums of them: bounds say nothing about what is nearer than its root.
constexpr float least_square = 1e-37f;

// Sums side by side, so that a compiler may keep them in one register without changing the order of additions.
constexpr std::size_t lanes = 8;

std::int32_t squares_of(const std::int8_t* code, std::size_t count) noexcept {
    std::int32_t squares = 0;  // 65,536 * 127^2 fits
    for (std::size_t i = 0; i < count; ++i) squares += static_cast<std::int32_t>(code[i]) * code[i];
    return squares;
}

// The length of values - scale * code, rounded up, because bounds lean on it.
float length_lost(const float* __restrict values, float scale, const std::int8_t* __restrict code, std::size_t count,
                  float largest) noexcept {
    float squares[lanes] = {};
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        for (std::size_t l = 0; l < lanes; ++l) {
            const float difference = values[i + l] - scale * static_cast<float>(code[i + l]);
            squares[l] += difference * difference;
        }
    }
    for (; i < count; ++i) {
        const float difference = values[i] - scale * static_cast<float>(code[i]);
        squares[0] += difference * difference;
    }
    double sum = 0;
    for (const float each : squares) sum += each;
    // Each difference may be off by two roundings of its largest term, and a lane's sum by one for each addition: at
    // most 65,536 / 8 of them, 2^-24 each.
    const double rounding = std::sqrt(static_cast<double>(count)) * 1.2e-7 * largest;
    return static_cast<float>(std::sqrt(sum) * (1.0 + 3e-4) + rounding);
}

// FLT_MIN rather than 0 where every value is zero, because a scale of 0 means something else. Dividing by a scale below
// it would overflow.
float scale_for(float largest) noexcept {
    return std::max(largest / code_limit, FLT_MIN);
}

}  // namespace

ScaledTail encode_code(const kernels::Kernels& kernels, std::span<const float> values, std::int8_t* code) noexcept {
    const std::size_t dim = values.size();
    const float largest = kernels.largest_magnitude(values.data(), dim);
    const float scale = scale_for(largest);
    kernels.round_to_i8(values.data(), 1.0f / scale, dim, code);
    const double squared_norm = static_cast<double>(scale) * scale * squares_of(code, dim);
    return {scale, static_cast<float>(squared_norm), length_lost(values.data(), scale, code, dim, largest)};
}

ScaledQuery::ScaledQuery(std::size_t dim) : code_((dim + 63) / 64 * 64) {
    if (!code_.ok()) throw std::bad_alloc();
}

void ScaledQuery::set(const kernels::Kernels& kernels, std::span<const float> values) {
    tail_ = encode_code(kernels, values, code_.as<std::int8_t>().data());
}

void ScaledQuery::set_code(const kernels::Kernels& kernels, std::span<const float> values) {
    tail_.scale = scale_for(kernels.largest_magnitude(values.data(), values.size()));
    kernels.round_to_i8(values.data(), 1.0f / tail_.scale, values.size(), code_.as<std::int8_t>().data());
}

void encode_scaled(const kernels::Kernels& kernels, std::span<const float> values, const ScaledLayout& layout,
                   std::byte* row) {
    std::memset(row, 0, layout.stride);
    const ScaledTail tail = encode_code(kernels, values, reinterpret_cast<std::int8_t*>(row));
    std::memcpy(row + layout.tail, &tail, sizeof tail);
}

void encode_directionless(const ScaledLayout& layout, std::byte* row) {
    std::memset(row, 0, layout.stride);
}

namespace {

// The integer products of the query with a batch of rows, and those rows' tails laid out for vectorised arithmetic.
void multiply(const kernels::Kernels& kernels, const ScaledLayout& layout, const std::byte* rows,
              const ScaledQuery& query, const ItemId* ids, std::size_t count, std::int32_t* products,
              ScaledTails& tails) {
    kernels.dot_i8(query.code(), reinterpret_cast<const std::int8_t*>(rows), layout.stride, ids, count, layout.dim,
                   products);
    for (std::size_t j = 0; j < count; ++j) {
        const std::size_t row = ids != nullptr ? ids[j] : j;
        const ScaledTail tail = read_tail(layout, rows + row * layout.stride);
        tails.scale[j] = tail.scale;
        tails.squared_norm[j] = tail.squared_norm;
        tails.error[j] = tail.error;
    }
}

}  // namespace

// |q - x| differs from |q' - x'| by at most |q - q'| + |x - x'|, q' and x' being what the codes stand for.
void euclidean_bounds(const ScaledQuery& query, const std::int32_t* products, const ScaledTails& tails,
                      std::size_t count, std::size_t dim, Bounds out) noexcept {
    const float rounding = rounding_allowance(dim);
    const float query_scale = query.tail().scale;
    const float query_squares = query.tail().squared_norm;
    const float query_error = query.tail().error;
    for (std::size_t j = 0; j < count; ++j) {
        const float squares = query_squares + tails.squared_norm[j];
        const float squared = squares - 2.0f * query_scale * tails.scale[j] * static_cast<float>(products[j]);
        const float cancelled = squares * 1e-6f + least_square;  // what the subtraction may have lost
        const float error = query_error + tails.error[j];
        const float near = std::sqrt(std::max(squared - cancelled, 0.0f)) * (1.0f - rounding) - error;
        const float far = std::sqrt(std::max(squared, 0.0f) + cancelled) * (1.0f + rounding) + error;
        const bool directionless = tails.scale[j] == 0.0f;
        out.lower[j] = directionless ? directionless_distance : near;
        out.upper[j] = directionless ? directionless_distance : far;
    }
}

void ScaledCodes::euclidean(const ScaledQuery& query, const ItemId* ids, ItemId first, std::size_t count,
                            Bounds out) const {
    std::array<std::int32_t, batch> products;
    ScaledTails tails;
    const std::byte* rows = ids != nullptr ? rows_.data() : rows_.data() + first * layout_.stride;
    multiply(*kernels_, layout_, rows, query, ids, count, products.data(), tails);
    euclidean_bounds(query, products.data(), tails, count, layout_.dim, out);
}

// <q, x> = <q', x'> + <q - q', x> + <q', x - x'>, and each of the last two is at most a product of lengths.
void ScaledCodes::negative_dot(const ScaledQuery& query, const ItemId* ids, ItemId first, std::size_t count,
                               Bounds out) const {
    std::array<std::int32_t, batch> products;
    ScaledTails tails;
    const std::byte* rows = ids != nullptr ? rows_.data() : rows_.data() + first * layout_.stride;
    multiply(*kernels_, layout_, rows, query, ids, count, products.data(), tails);
    const float rounding = rounding_allowance(layout_.dim) + 1e-6f;
    // A product that is no normal number has lost bits at every step, of which there are no more than these.
    const float underflow = static_cast<float>(layout_.dim + 8) * 0x1p-148f;
    const float query_scale = query.tail().scale;
    const float query_norm = std::sqrt(query.tail().squared_norm + least_square);
    const float query_error = query.tail().error;
    for (std::size_t j = 0; j < count; ++j) {
        const float product = query_scale * (tails.scale[j] * static_cast<float>(products[j]));
        const float length = std::sqrt(tails.squared_norm[j] + least_square) + tails.error[j];
        const float error = query_error * length + query_norm * tails.error[j] +
                            rounding * (query_norm + query_error) * length + underflow;
        out.lower[j] = -product - error;
        out.upper[j] = -product + error;
    }
}

}  // namespace nearfile::codes
