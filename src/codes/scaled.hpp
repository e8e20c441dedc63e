// Scaled codes: one signed byte a dimension with a scale a row, for the metrics of inner products (euclidean, angular,
// cosine, dot). x is near scale * code. A row is
//
//     int8 code[dim], zeros up to a multiple of 4, float scale, float squared_norm, float error, zeros up to the stride
//
// where squared_norm is that of scale * code and error is |x - scale * code|. A scale of 0 marks a vector without
// direction (a zero vector under angular): it is sqrt(2) from everything.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/aligned_buffer.hpp"
#include "codes/bounds.hpp"
#include "kernels/kernels.hpp"

namespace nearfile::codes {

struct ScaledTail {
    float scale;
    float squared_norm;
    float error;
};
static_assert(sizeof(ScaledTail) == 12);

struct ScaledLayout {
    std::size_t dim;
    std::size_t tail;    // offset of ScaledTail in a row
    std::size_t stride;  // bytes from row to row

    explicit ScaledLayout(std::size_t dim_) noexcept
        : dim(dim_), tail((dim_ + 3) / 4 * 4), stride((tail + sizeof(ScaledTail) + 15) / 16 * 16) {}
};

// Those of a batch of rows, laid out for vectorised arithmetic.
struct ScaledTails {
    std::array<float, batch> scale;
    std::array<float, batch> squared_norm;
    std::array<float, batch> error;
};

// A query in the same form, its code padded with zeros as the kernels want it. Reused from query to query.
class ScaledQuery {
public:
    explicit ScaledQuery(std::size_t dim);
    void set(const kernels::Kernels& kernels, std::span<const float> values);
    // The code and its scale alone, for whom needs no bounds: norm and error are left as they were.
    void set_code(const kernels::Kernels& kernels, std::span<const float> values);

    // What set_code() found of the same values before.
    void restore_code(std::span<const std::int8_t> code, float scale) noexcept {
        std::memcpy(code_.as<std::int8_t>().data(), code.data(), code.size());
        tail_.scale = scale;
    }

    const std::int8_t* code() const noexcept { return code_.as<std::int8_t>().data(); }
    const ScaledTail& tail() const noexcept { return tail_; }

private:
    base::AlignedBuffer code_;
    ScaledTail tail_{};
};

// The code alone, as many bytes as values, and how well it fits.
ScaledTail encode_code(const kernels::Kernels& kernels, std::span<const float> values, std::int8_t* code) noexcept;

// Write one row of layout.stride bytes.
void encode_scaled(const kernels::Kernels& kernels, std::span<const float> values, const ScaledLayout& layout,
                   std::byte* row);
void encode_directionless(const ScaledLayout& layout, std::byte* row);

inline ScaledTail read_tail(const ScaledLayout& layout, const std::byte* row) noexcept {
    ScaledTail tail;
    std::memcpy(&tail, row + layout.tail, sizeof tail);
    return tail;
}

// Bounds of the Euclidean distance to `count` rows, at most `batch`, from the products of their codes with the query's.
void euclidean_bounds(const ScaledQuery& query, const std::int32_t* products, const ScaledTails& tails,
                      std::size_t count, std::size_t dim, Bounds out) noexcept;

// Rows in the map or in a buffer, not owned.
class ScaledCodes {
public:
    ScaledCodes(const kernels::Kernels& kernels, std::size_t dim, std::span<const std::byte> rows) noexcept
        : kernels_(&kernels), layout_(dim), rows_(rows) {}

    // What the code stands for.
    void decode(ItemId row, std::span<float> out) const noexcept {
        const std::int8_t* values = code(row);
        const float scale = tail(row).scale;
        for (std::size_t i = 0; i < layout_.dim; ++i) out[i] = scale * static_cast<float>(values[i]);
    }

    const std::int8_t* code(ItemId row) const noexcept {
        return reinterpret_cast<const std::int8_t*>(rows_.data() + row * layout_.stride);
    }
    ScaledTail tail(ItemId row) const noexcept { return read_tail(layout_, rows_.data() + row * layout_.stride); }

    // Bounds of the Euclidean distance, and of the negative inner product, to rows ids[0..count), or first, first + 1,
    // ... where ids is null; count is at most `batch`.
    void euclidean(const ScaledQuery& query, const ItemId* ids, ItemId first, std::size_t count, Bounds out) const;
    void negative_dot(const ScaledQuery& query, const ItemId* ids, ItemId first, std::size_t count, Bounds out) const;

private:
    const kernels::Kernels* kernels_;
    ScaledLayout layout_;
    std::span<const std::byte> rows_;
};

}  // namespace nearfile::codes
