#include "build/rows.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "codes/bits.hpp"
#include "opened/kernel_choice.hpp"

namespace nearfile::build {
namespace {

using codes::ValueKind;

constexpr std::size_t chunk_bytes = std::size_t{16} << 20;  // as floats

// As base::to_half() and back, for values that half precision holds, in steps that vectorise.
float to_half_precision(float value) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = bits & 0x80000000u;
    const std::uint32_t odd = bits >> 13 & 1u;
    const auto normal = std::bit_cast<float>((bits + 0xfffu + odd) & ~0x1fffu);
    // Below the least normal half: where 0.75 is, a float's last place is a half's.
    const float small = (value + 0.75f) - 0.75f;
    const float rounded = std::fabs(value) < 0x1p-14f ? small : normal;
    return std::bit_cast<float>((std::bit_cast<std::uint32_t>(rounded) & 0x7fffffffu) | sign);
}

// What api/checks.cpp takes, in passes that vectorise; rows were checked, and may have changed since.
bool is_usable(std::span<const float> values) noexcept {
    std::int32_t large = 0;
    const float limit = max_length / std::sqrt(static_cast<float>(values.size()));
    for (const float value : values) large |= std::fabs(value) <= limit ? 0 : 1;
    if (large == 0) return true;
    double squares = 0;
    for (const float value : values) squares += static_cast<double>(value) * value;
    return squares <= static_cast<double>(max_length) * max_length;
}

bool fit_halves(std::span<const float> values) noexcept {
    std::int32_t large = 0;
    for (const float value : values) large |= std::fabs(value) <= 65504.0f ? 0 : 1;
    return large == 0;
}

bool are_bytes(std::span<const float> values) noexcept {
    std::int32_t others = 0;
    for (const float value : values) {
        const float held = std::min(value >= 0.0f ? value : 0.0f, 255.0f);
        others |= static_cast<float>(static_cast<std::int32_t>(held)) == value ? 0 : 1;
    }
    return others == 0;
}

}  // namespace

Rows::Rows(std::uint32_t dim, bool bits)
    : dim_(dim),
      bits_(bits),
      rows_per_chunk_(static_cast<std::uint32_t>(
          std::max<std::size_t>(1, chunk_bytes / (bits ? codes::words_of(dim) * 8 : dim * sizeof(float))))) {}

Rows Rows::of_floats(std::uint32_t dim) {
    Rows rows(dim, false);
    rows.least_ = ValueKind::float32;
    return rows;
}

std::size_t Rows::row_bytes(ValueKind kind) const noexcept {
    return bits_ ? codes::words_of(dim_) * sizeof(std::uint64_t) : dim_ * codes::bytes_per_value(kind);
}

void Rows::widen(Chunk& chunk, ValueKind kind, std::uint32_t n) const {
    base::AlignedBuffer wider = base::allocate(rows_per_chunk_ * row_bytes(kind));
    std::vector<float> values(dim_);
    for (std::uint32_t row = 0; row < n; ++row) {
        codes::encode_values(read(chunk, row, values), kind, wider.data() + row * row_bytes(kind));
    }
    chunk = {std::move(wider), nullptr, kind};
    chunk.data = chunk.own.data();
}

void Rows::append_bits(std::span<const float> rows) {
    const std::size_t n = rows.size() / dim_;
    for (std::size_t i = 0; i < n; ++i) {
        Chunk& chunk = chunks_[(count_ + i) / rows_per_chunk_];
        if (!chunk.is_own()) widen(chunk, ValueKind::uint8, 0);
        std::byte* const to = chunk.own.data() + (count_ + i) % rows_per_chunk_ * row_bytes(chunk.kind);
        codes::pack_bits(rows.subspan(i * dim_, dim_), {reinterpret_cast<std::uint64_t*>(to), codes::words_of(dim_)});
    }
}

void Rows::append(std::span<const float> rows) {
    const std::size_t n = rows.size() / dim_;
    chunks_.resize((count_ + n + rows_per_chunk_ - 1) / rows_per_chunk_);
    if (bits_) append_bits(rows);
    ValueKind all = codes::wider(kind_, least_);
    std::vector<float> values(dim_);
    for (std::size_t i = 0; i < n && !bits_; ++i) {
        // Of a copy: another thread may write to what it is made of.
        std::ranges::copy(rows.subspan(i * dim_, dim_), values.begin());
        Chunk& chunk = chunks_[(count_ + i) / rows_per_chunk_];
        const auto at = static_cast<std::uint32_t>((count_ + i) % rows_per_chunk_);
        ValueKind kind = chunk.data != nullptr ? chunk.kind : least_;
        if (kind != ValueKind::float32 || all != ValueKind::float32) {
            const ValueKind needed = codes::smallest_kind(values);
            kind = codes::wider(kind, needed);
            all = codes::wider(all, needed);
        }
        if (!chunk.is_own() || kind != chunk.kind) widen(chunk, kind, at);
        codes::encode_values(values, kind, chunk.own.data() + at * row_bytes(kind));
    }
    kind_ = all;
    count_ += static_cast<std::uint32_t>(n);
}

void Rows::refer(std::span<const float> rows) {
    const std::size_t n = rows.size() / dim_;
    ValueKind all = ValueKind::uint8;
    for (std::size_t i = 0; i < n && all != ValueKind::float32; ++i) {
        all = codes::wider(all, codes::smallest_kind(rows.subspan(i * dim_, dim_)));
    }
    std::vector<Chunk> chunks((n + rows_per_chunk_ - 1) / rows_per_chunk_);
    for (std::size_t i = 0; i < chunks.size(); ++i) {
        chunks[i].data = reinterpret_cast<const std::byte*>(rows.data() + i * rows_per_chunk_ * dim_);
    }
    chunks_ = std::move(chunks);
    kind_ = all;
    count_ = static_cast<std::uint32_t>(n);
}

Rows Rows::rounded() const {
    Rows halves(dim_, false);
    for (const Chunk& chunk : chunks_) {
        Chunk& same = halves.chunks_.emplace_back();
        same.data = chunk.data;
        same.kind = chunk.kind;
    }
    halves.count_ = count_;
    halves.rounded_ = true;
    halves.kind_ = ValueKind::float16;
    ValueKind all = ValueKind::uint8;
    std::vector<float> values(dim_);
    for (std::uint32_t row = 0; row < count_ && all == ValueKind::uint8; ++row) {
        all = codes::smallest_kind(halves.floats(row, values));
    }
    halves.kind_ = all;
    return halves;
}

// What is not this object's own may have changed since it was looked at.
std::span<const float> Rows::read(const Chunk& chunk, std::uint32_t row, std::span<float> scratch) const noexcept {
    const std::byte* const at = chunk.data + row * row_bytes(chunk.kind);
    if (chunk.kind != ValueKind::float32) {
        codes::ExactVectors(opened::chosen_kernels(), dim_, chunk.kind, {at, row_bytes(chunk.kind)}).decode(0, scratch);
    } else if (chunk.is_own()) {
        return {reinterpret_cast<const float*>(at), dim_};
    } else {
        std::memcpy(scratch.data(), at, row_bytes(chunk.kind));
    }
    if (chunk.is_own()) return scratch;
    bool as_before = is_usable(scratch) && (kind_ == ValueKind::float32 || fit_halves(scratch));
    if (rounded_) std::ranges::transform(scratch, scratch.begin(), to_half_precision);
    if (kind_ == ValueKind::uint8) as_before = as_before && are_bytes(scratch);
    if (!as_before) std::ranges::fill(scratch, 0.0f);
    return scratch;
}

std::span<const float> Rows::floats(std::uint32_t row, std::span<float> scratch) const noexcept {
    return read(chunks_[row / rows_per_chunk_], row % rows_per_chunk_, scratch);
}

void Rows::copy(std::uint32_t row, std::span<float> out) const noexcept {
    const std::span<const float> values = floats(row, out);
    if (values.data() != out.data()) std::ranges::copy(values, out.begin());
}

std::span<const std::uint64_t> Rows::words(std::uint32_t row) const noexcept {
    const Chunk& chunk = chunks_[row / rows_per_chunk_];
    const std::byte* const at = chunk.data + row % rows_per_chunk_ * row_bytes(chunk.kind);
    return {reinterpret_cast<const std::uint64_t*>(at), codes::words_of(dim_)};
}

}  // namespace nearfile::build
