// The vectors a builder has collected: in chunks, so that growing never copies what is there.
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
    // Hamming keeps bits, everything else floats.
    Rows(std::uint32_t dim, bool bits);

    std::uint32_t count() const noexcept { return count_; }
    std::uint32_t dim() const noexcept { return dim_; }
    bool bits() const noexcept { return bits_; }

    // The smallest kind that keeps all of them exactly.
    codes::ValueKind kind() const noexcept { return count_ == 0 ? codes::ValueKind::float32 : kind_; }

    // Copies checked rows. On std::bad_alloc nothing was added.
    void append(std::span<const float> rows);

    std::span<const float> floats(std::uint32_t row) const noexcept;
    std::span<const std::uint64_t> words(std::uint32_t row) const noexcept;

private:
    std::size_t chunk_of(std::uint32_t row) const noexcept { return row / rows_per_chunk_; }
    std::size_t offset_of(std::uint32_t row) const noexcept { return row % rows_per_chunk_ * row_bytes_; }
    const std::byte* place(std::uint32_t row) const noexcept { return chunks_[chunk_of(row)].data() + offset_of(row); }

    std::uint32_t dim_;
    bool bits_;
    std::size_t row_bytes_;
    std::uint32_t rows_per_chunk_;
    std::uint32_t count_ = 0;
    codes::ValueKind kind_ = codes::ValueKind::uint8;
    std::vector<base::AlignedBuffer> chunks_;
};

}  // namespace nearfile::build
