// The exact vectors: what was added comes back bit for bit. Data whose values are all whole numbers from 0 to 255, or
// all half-precision numbers, is recognised and takes 1 or 2 bytes a dimension instead of 4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/kernels.hpp"

namespace nearfile::codes {

enum class ValueKind : std::uint32_t { float32 = 0, float16 = 1, uint8 = 2 };

std::size_t bytes_per_value(ValueKind kind) noexcept;

// The smallest kind that keeps every value exactly. Ask for all of the data in pieces: the largest kind of the pieces.
// (-0 is no whole number here: it would come back as 0.)
ValueKind smallest_kind(std::span<const float> values) noexcept;
ValueKind wider(ValueKind a, ValueKind b) noexcept;

// Write values that are exact in `kind`.
void encode_values(std::span<const float> values, ValueKind kind, std::byte* out) noexcept;

// Rows in the map or in a buffer, not owned.
class ExactVectors {
public:
    ExactVectors(const kernels::Kernels& kernels, std::size_t dim, ValueKind kind,
                 std::span<const std::byte> rows) noexcept
        : kernels_(&kernels), dim_(dim), kind_(kind), rows_(rows) {}

    const std::byte* row(std::uint32_t row) const noexcept { return rows_.data() + row * stride(); }
    ValueKind kind() const noexcept { return kind_; }
    std::size_t stride() const noexcept { return dim_ * bytes_per_value(kind_); }
    void decode(std::uint32_t row, std::span<float> out) const noexcept;

private:
    const kernels::Kernels* kernels_;
    std::size_t dim_;
    ValueKind kind_;
    std::span<const std::byte> rows_;
};

}  // namespace nearfile::codes
