#include "build/rows.hpp"

#include <algorithm>
#include <cstring>

#include "codes/bits.hpp"

namespace nearfile::build {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{16} << 20;

}  // namespace

Rows::Rows(std::uint32_t dim, bool bits)
    : dim_(dim),
      bits_(bits),
      row_bytes_(bits ? codes::words_of(dim) * sizeof(std::uint64_t) : dim * sizeof(float)),
      rows_per_chunk_(static_cast<std::uint32_t>(std::max<std::size_t>(1, chunk_bytes / row_bytes_))) {}

void Rows::append(std::span<const float> rows) {
    const auto n = static_cast<std::uint32_t>(rows.size() / dim_);
    const std::size_t chunks_needed = (static_cast<std::size_t>(count_) + n + rows_per_chunk_ - 1) / rows_per_chunk_;
    while (chunks_.size() < chunks_needed) {
        chunks_.push_back(base::allocate(rows_per_chunk_ * row_bytes_));
    }
    for (std::uint32_t i = 0; i < n; ++i) {
        const auto values = rows.subspan(static_cast<std::size_t>(i) * dim_, dim_);
        std::byte* to = chunks_[chunk_of(count_ + i)].data() + offset_of(count_ + i);
        if (bits_) {
            codes::pack_bits(values, {reinterpret_cast<std::uint64_t*>(to), codes::words_of(dim_)});
        } else {
            std::memcpy(to, values.data(), row_bytes_);
            // Of the copy: another thread may write to what it was made of.
            if (kind_ != codes::ValueKind::float32) {
                kind_ = codes::wider(kind_, codes::smallest_kind({reinterpret_cast<const float*>(to), dim_}));
            }
        }
    }
    count_ += n;
}

std::span<const float> Rows::floats(std::uint32_t row) const noexcept {
    return {reinterpret_cast<const float*>(place(row)), dim_};
}

std::span<const std::uint64_t> Rows::words(std::uint32_t row) const noexcept {
    return {reinterpret_cast<const std::uint64_t*>(place(row)), codes::words_of(dim_)};
}

}  // namespace nearfile::build
