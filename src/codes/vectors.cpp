#include "codes/vectors.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/half.hpp"

namespace nearfile::codes {
namespace {

bool is_byte(float value) noexcept {
    if (!(value >= 0.0f && value <= 255.0f)) return false;
    return std::bit_cast<std::uint32_t>(static_cast<float>(static_cast<std::uint8_t>(value))) ==
           std::bit_cast<std::uint32_t>(value);
}

// The half-precision number with exactly this value, or no_half. Finite values only.
constexpr std::uint32_t no_half = 0x10000;

std::uint32_t exact_half(float value) noexcept {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = bits >> 16 & 0x8000;
    const int exponent = static_cast<int>(bits >> 23 & 0xff) - 127;
    const std::uint32_t mantissa = bits & 0x7fffff;
    if ((bits & 0x7fffffff) == 0) return sign;
    if (exponent > 15 || exponent < -24) return no_half;
    if (exponent >= -14) {
        if ((mantissa & 0x1fff) != 0) return no_half;
        return sign | static_cast<std::uint32_t>(exponent + 15) << 10 | mantissa >> 13;
    }
    // A subnormal half: the leading one becomes explicit and moves right.
    const int shift = 13 + (-14 - exponent);
    const std::uint32_t full = mantissa | 0x800000;
    if ((full & ((1u << shift) - 1)) != 0) return no_half;
    return sign | full >> shift;
}

}  // namespace

std::size_t bytes_per_value(ValueKind kind) noexcept {
    switch (kind) {
        case ValueKind::uint8:
            return 1;
        case ValueKind::float16:
            return 2;
        case ValueKind::float32:
            break;
    }
    return 4;
}

ValueKind smallest_kind(std::span<const float> values) noexcept {
    ValueKind kind = ValueKind::uint8;
    for (const float value : values) {
        if (kind == ValueKind::uint8 && !is_byte(value)) kind = ValueKind::float16;
        // Most float data is found out by its first value, so the test of a half is worth no cleverness. Bytes are
        // halves.
        if (kind == ValueKind::float16 && exact_half(value) == no_half) return ValueKind::float32;
    }
    return kind;
}

ValueKind wider(ValueKind a, ValueKind b) noexcept {
    return bytes_per_value(a) > bytes_per_value(b) ? a : b;
}

void encode_values(std::span<const float> values, ValueKind kind, std::byte* out) noexcept {
    switch (kind) {
        case ValueKind::uint8:
            for (const float value : values) *out++ = static_cast<std::byte>(value);
            break;
        case ValueKind::float16:
            for (const float value : values) {
                const auto half = base::to_half(value);
                std::memcpy(out, &half, sizeof half);
                out += sizeof half;
            }
            break;
        case ValueKind::float32:
            std::memcpy(out, values.data(), values.size_bytes());
            break;
    }
}

void encode_parts(std::span<const float> values, std::byte* upper, std::byte* lower) noexcept {
    for (const float value : values) {
        const auto bits = std::bit_cast<std::uint32_t>(value);
        const auto high = static_cast<std::uint16_t>(bits >> 16);
        const auto low = static_cast<std::uint16_t>(bits & 0xffffu);
        std::memcpy(upper, &high, sizeof high);
        std::memcpy(lower, &low, sizeof low);
        upper += sizeof high;
        lower += sizeof low;
    }
}

namespace {

void decode_parts(const std::byte* upper, const std::byte* lower, std::span<float> out) noexcept {
    for (std::size_t i = 0; i < out.size(); ++i) {
        std::uint16_t high;
        std::uint16_t low;
        std::memcpy(&high, upper + i * sizeof high, sizeof high);
        std::memcpy(&low, lower + i * sizeof low, sizeof low);
        out[i] = std::bit_cast<float>(std::uint32_t{high} << 16 | low);
    }
}

}  // namespace

const kernels::VectorKernelSet& ExactVectors::kernels() const noexcept {
    const kernels::VectorKernels& all = *kernels_->vectors;
    switch (kind_) {
        case ValueKind::uint8:
            return all.bytes;
        case ValueKind::float16:
            return all.halves;
        case ValueKind::float32:
            break;
    }
    return are_in_parts() ? all.parts : all.singles;
}

void ExactVectors::decode(std::uint32_t row_number, std::span<float> out) const noexcept {
    const std::byte* bytes = row(row_number);
    if (are_in_parts()) return decode_parts(bytes, lower_row(row_number), out);
    switch (kind_) {
        case ValueKind::uint8:
            for (float& value : out) value = static_cast<float>(std::to_integer<std::uint8_t>(*bytes++));
            break;
        case ValueKind::float16:
            kernels_->half_to_float(reinterpret_cast<const std::uint16_t*>(bytes), out.size(), out.data());
            break;
        case ValueKind::float32:
            std::memcpy(out.data(), bytes, out.size_bytes());
            break;
    }
}

}  // namespace nearfile::codes
