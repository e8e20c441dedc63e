#include "search/code_chunk.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>

#include "codes/normalise.hpp"
#include "search/page_reads.hpp"

namespace nearfile::search {
namespace {

// Half of a usual second-level cache and more: it is read by every query.
constexpr std::size_t chunk_bytes = std::size_t{1} << 21;

// Beyond these, sums of squares may overflow; such an item is always measured.
constexpr float most_square = 1e36f;

constexpr float always_measured = std::numeric_limits<float>::quiet_NaN();

constexpr std::size_t n_for_center = 256;

std::size_t blocks_of(std::size_t count) noexcept {
    return (count + CodeChunk::block - 1) / CodeChunk::block;
}

}  // namespace

bool CodeChunk::serves(const Index::State& state) noexcept {
    return state.description.metric != Metric::hamming && state.description.metric != Metric::manhattan;
}

CodeChunk::CodeChunk(const Index::State& state)
    : state_(state), dim_(state.description.dim), stride_((dim_ + 63) / 64 * 64) {
    const std::size_t n_blocks = blocks_of(state.description.count);
    const std::size_t fit = std::max<std::size_t>(chunk_bytes / (block * stride_), 8);
    n_chunks_ = (n_blocks + fit - 1) / fit;
    n_slots_ = (n_blocks + n_chunks_ - 1) / n_chunks_;
    codes_ = base::AlignedBuffer(n_slots_ * block * stride_ + kernels::code_overread);
    if (!codes_.ok()) throw std::bad_alloc();
    for (auto* each : {&scales_, &terms_, &errors_}) each->resize(n_slots_ * block);
    firsts_.resize(n_slots_);
    find_center();
}

// Distances do not change when the origin moves, and codes lose less of what is near it. Inner products change.
void CodeChunk::find_center() {
    if (has_codes(state_) || !state_.center.empty()) {
        center_.assign(state_.center.begin(), state_.center.end());
        return;
    }
    if (state_.description.metric == Metric::dot) return;
    const std::uint32_t count = state_.description.count;
    const auto n = static_cast<std::uint32_t>(std::min<std::size_t>(n_for_center, count));
    center_.resize(dim_);
    std::vector<float> values(dim_);
    for (std::uint32_t i = 0; i < n; ++i) {
        state_.vector(static_cast<codes::ItemId>(std::uint64_t{i} * count / n), values);
        if (state_.normalised()) codes::normalise(*state_.kernels, values);
        for (std::size_t d = 0; d < dim_; ++d) center_[d] += values[d] / static_cast<float>(n);
    }
}

void CodeChunk::center(std::span<float> values) const noexcept {
    for (std::size_t d = 0; d < center_.size(); ++d) values[d] -= center_[d];
}

codes::ScaledTail CodeChunk::encode_query(std::span<float> values, std::int8_t* code) const {
    center(values);
    if (state_.split)
        state_.space.apply(*state_.kernels, std::vector(values.begin(), values.end()), codes::ScaledQuery(0), values);
    std::memset(code + dim_, 0, stride_ - dim_);
    return codes::encode_code(*state_.kernels, values, code);
}

void CodeChunk::load(std::size_t chunk, std::size_t slot) {
    const std::size_t first = (slot * n_chunks_ + chunk) * block;
    firsts_[slot] = static_cast<codes::ItemId>(std::min<std::size_t>(first, state_.description.count));
    const std::size_t count = (*this)[slot].count;
    if (state_.larger_than_memory) ask_for_stretch(state_, first, count, Reading::all);
    std::vector<float> values(dim_);
    for (std::size_t j = 0; j < count; ++j) {
        encode(static_cast<codes::ItemId>(first + j), slot * block + j, values);
    }
}

CodeChunk::Block CodeChunk::operator[](std::size_t slot) const noexcept {
    const std::size_t at = slot * block;
    return {firsts_[slot],
            std::min<std::size_t>(block, state_.description.count - firsts_[slot]),
            codes_.as<std::int8_t>().data() + at * stride_,
            scales_.data() + at,
            terms_.data() + at,
            errors_.data() + at};
}

void CodeChunk::encode(codes::ItemId item, std::size_t at, std::span<float> values) {
    std::int8_t* code = codes_.as<std::int8_t>().data() + at * stride_;
    if (state_.split) {
        state_.split->code(item, code);
        note(at, state_.split->tail(item, state_.normalised()));
        return;
    }
    if (has_codes(state_)) {
        std::memcpy(code, state_.scaled->code(item), dim_);
        note(at, state_.scaled->tail(item));
        return;
    }
    state_.vector(item, values);
    const bool has_direction = !state_.normalised() || codes::normalise(*state_.kernels, values);
    center(values);
    codes::ScaledTail tail = codes::encode_code(*state_.kernels, values, code);
    if (!has_direction) tail.scale = 0;
    note(at, tail);
}

void CodeChunk::note(std::size_t at, const codes::ScaledTail& tail) {
    const float norm = tail.squared_norm;
    const float length = std::sqrt(norm) + tail.error;
    // Moving the origin has rounded too.
    const float error = tail.error + length * 1.2e-7f;
    const bool product = state_.description.metric == Metric::dot;
    const float term = product ? length : norm * (1.0f - 2e-6f) - error * error * (1.0f + 1e-6f);
    // What has no direction is as far from everything. In a damaged file a tail may be anything.
    const bool usable = tail.scale > 0 && norm < most_square && error >= 0 && error * error < most_square;
    scales_[at] = tail.scale;
    terms_[at] = usable ? term : always_measured;
    errors_[at] = error;
}

}  // namespace nearfile::search
