// The exact vectors: what was added comes back bit for bit. Data whose values are all whole numbers from 0 to 255, or
// all half-precision numbers, is recognised and takes 1 or 2 bytes a dimension instead of 4.
//
// Floats may lie in two parts: the upper 16 bits of every value, row after row, then the lower 16. The upper part
// alone says nearly how far a vector is, in half of the bytes (search/vector_distances.hpp).
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

// The upper and the lower halves of floats.
void encode_parts(std::span<const float> values, std::byte* upper, std::byte* lower) noexcept;

// Rows in the map or in a buffer, not owned.
class ExactVectors {
public:
    ExactVectors(const kernels::Kernels& kernels, std::size_t dim, ValueKind kind,
                 std::span<const std::byte> rows) noexcept
        : kernels_(&kernels), dim_(dim), kind_(kind), rows_(rows.data()) {}

    // Floats in two parts, one behind the other.
    static ExactVectors in_parts(const kernels::Kernels& kernels, std::size_t dim,
                                 std::span<const std::byte> rows) noexcept {
        ExactVectors vectors(kernels, dim, ValueKind::float32, rows);
        vectors.lower_ = rows.data() + rows.size() / 2;
        return vectors;
    }

    ValueKind kind() const noexcept { return kind_; }
    bool are_in_parts() const noexcept { return lower_ != nullptr; }
    // Of a row, or of its upper and of its lower halves.
    std::size_t stride() const noexcept { return dim_ * (are_in_parts() ? 2 : bytes_per_value(kind_)); }
    const std::byte* row(std::uint32_t row) const noexcept { return rows_ + row * stride(); }
    const std::byte* lower_row(std::uint32_t row) const noexcept { return lower_ + row * stride(); }
    void decode(std::uint32_t row, std::span<float> out) const noexcept;

    // For kernels: rows from `first` on, those that read all of a value, and those that read the upper part alone.
    kernels::VectorRows from(std::uint32_t first) const noexcept {
        return {row(first), are_in_parts() ? lower_row(first) : nullptr, stride(), nullptr, 1.0f};
    }
    const kernels::VectorKernelSet& kernels() const noexcept;
    const kernels::VectorKernelSet& upper_kernels() const noexcept { return kernels_->vectors->upper; }

private:
    const kernels::Kernels* kernels_;
    std::size_t dim_;
    ValueKind kind_;
    const std::byte* rows_;
    const std::byte* lower_ = nullptr;
};

}  // namespace nearfile::codes
