// Uniform codes: one unsigned byte a dimension and one scale for all rows, x is near offset + scale * code. For
// distances that are sums over differences, of the codes themselves: manhattan, and euclidean on data that was bytes to
// begin with, where offset is 0, scale is 1, nothing is lost, and the codes are the exact vectors. A row is
//
//     uint8 code[dim]                                                     where the codes are exact
//     uint8 code[dim], zeros up to a multiple of 4, float error           else; error is the sum of |x - offset - scale
//     * code|
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/aligned_buffer.hpp"
#include "codes/bounds.hpp"
#include "kernels/kernels.hpp"

namespace nearfile::codes {

struct UniformLayout {
    std::size_t dim;
    bool exact;
    std::size_t tail;  // offset of the error in a row, where there is one
    std::size_t stride;

    UniformLayout(std::size_t dim_, bool exact_) noexcept
        : dim(dim_), exact(exact_), tail((dim_ + 3) / 4 * 4), stride(exact_ ? dim_ : tail + sizeof(float)) {}
};

// The mapping from values to codes, common to all rows. `offsets` is empty where all are zero.
struct UniformScale {
    std::span<const float> offsets;
    float scale = 1.0f;
};

class UniformQuery {
public:
    explicit UniformQuery(std::size_t dim);

    // Values outside the codes' range are clamped; the errors account for it.
    void set(const kernels::Kernels& kernels, std::span<const float> values, const UniformScale& scale);

    const std::uint8_t* code() const noexcept { return code_.as<std::uint8_t>().data(); }
    float l1_error() const noexcept { return l1_error_; }
    float l2_error() const noexcept { return l2_error_; }
    // Whether the code is the query itself.
    bool lossless() const noexcept { return lossless_; }

private:
    base::AlignedBuffer code_;
    float l1_error_ = 0;
    float l2_error_ = 0;
    bool lossless_ = false;
};

void encode_uniform(std::span<const float> values, const UniformScale& scale, const UniformLayout& layout,
                    std::byte* row);

// Rows in the map or in a buffer, not owned.
class UniformCodes {
public:
    UniformCodes(const kernels::Kernels& kernels, const UniformLayout& layout, const UniformScale& scale,
                 std::span<const std::byte> rows) noexcept
        : kernels_(&kernels), layout_(layout), scale_(scale), rows_(rows) {}

    const UniformLayout& layout() const noexcept { return layout_; }
    const UniformScale& scale() const noexcept { return scale_; }

    // As ScaledCodes; euclidean needs exact codes.
    void euclidean(const UniformQuery& query, const ItemId* ids, ItemId first, std::size_t count, Bounds out) const;
    void manhattan(const UniformQuery& query, const ItemId* ids, ItemId first, std::size_t count, Bounds out) const;

    // The distances themselves, where codes are exact and the query lossless: roots of whole numbers, or these.
    void exact_euclidean(const UniformQuery& query, const ItemId* ids, std::size_t count, float* out) const;
    void exact_manhattan(const UniformQuery& query, const ItemId* ids, std::size_t count, float* out) const;

    const std::byte* row(ItemId item) const noexcept { return rows_.data() + item * layout_.stride; }

    // What the code of a row stands for.
    void decode(ItemId row, std::span<float> out) const noexcept;

private:
    const kernels::Kernels* kernels_;
    UniformLayout layout_;
    UniformScale scale_;
    std::span<const std::byte> rows_;
};

}  // namespace nearfile::codes
