// The vectors a builder has collected: in chunks, so that growing never copies what is there, each in the narrowest
// type that holds its values; or where the caller has them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "codes/vectors.hpp"
#include "nearfile/types.hpp"

namespace nearfile::build {

class Rows {
public:
    // Hamming keeps bits, everything else values.
    Rows(std::uint32_t dim, bool bits);

    // Floats whatever their values are, for rows that are read over and over.
    static Rows of_floats(std::uint32_t dim);

    Rows(Rows&&) noexcept = default;
    Rows& operator=(Rows&&) noexcept = default;

    std::uint32_t count() const noexcept { return count_; }
    std::uint32_t dim() const noexcept { return dim_; }
    bool bits() const noexcept { return bits_; }

    // The smallest kind that keeps all of them exactly.
    codes::ValueKind kind() const noexcept { return count_ == 0 ? codes::ValueKind::float32 : kind_; }

    // Copies checked rows. On std::bad_alloc nothing was added.
    void append(std::span<const float> rows);

    // The same without a copy, where nothing was added before and they are no bits: they stay where they are, for as
    // long as this object and what is rounded of it. Whoever writes to them meanwhile gets an index of something; a row
    // that add() would not take, or that is of another kind than all were, is read as zeros.
    void refer(std::span<const float> rows);

    // Each value in half precision, so that codes, neighbours and exact distances are all those of what is kept. It
    // reads from this object, and holds nothing.
    Rows rounded() const;

    // A row: where it lies, or in `scratch`, of dim values.
    std::span<const float> floats(std::uint32_t row, std::span<float> scratch) const noexcept;
    void copy(std::uint32_t row, std::span<float> out) const noexcept;
    std::span<const std::uint64_t> words(std::uint32_t row) const noexcept;

private:
    struct Chunk {
        base::AlignedBuffer own;  // empty where it is the caller's
        const std::byte* data = nullptr;
        codes::ValueKind kind = codes::ValueKind::float32;

        bool is_own() const noexcept { return own.size() > 0; }
    };

    std::size_t row_bytes(codes::ValueKind kind) const noexcept;
    void append_bits(std::span<const float> rows);
    // Room of its own in a wider kind, or at all, for the `n` rows that it has.
    void widen(Chunk& chunk, codes::ValueKind kind, std::uint32_t n) const;
    std::span<const float> read(const Chunk& chunk, std::uint32_t row, std::span<float> scratch) const noexcept;

    std::uint32_t dim_;
    bool bits_;
    bool rounded_ = false;
    codes::ValueKind least_ = codes::ValueKind::uint8;  // that a chunk is kept in
    std::uint32_t rows_per_chunk_;
    std::uint32_t count_ = 0;
    codes::ValueKind kind_ = codes::ValueKind::uint8;
    std::vector<Chunk> chunks_;
};

}  // namespace nearfile::build
