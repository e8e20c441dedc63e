#include "search/scorer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "forest/descend.hpp"

namespace nearfile::search {
namespace {

constexpr float directionless_distance = 1.41421356f;  // as Annoy: a zero vector is at a right angle to everything

}  // namespace

Scorer::Scorer(const Index::State& state)
    : state_(state),
      dim_(state.description.dim),
      values_(dim_),
      centered_(dim_),
      rows_{std::vector<float>(state.bits ? 0 : exact_batch * dim_), {}, 0},
      words_(codes::words_of(dim_)),
      scaled_(dim_),
      seen_(state.space.dim()),
      seen_values_(state.space.dim()) {
    if (state.uniform) uniform_.emplace(dim_);
}

void Scorer::set_query(std::span<const float> values) {
    if (state_.bits) {
        codes::pack_bits(values, words_);
        return;
    }
    std::copy(values.begin(), values.end(), values_.begin());
    has_direction_ = !state_.normalised() || codes::normalise(*state_.kernels, values_);
    // Planes and scaled codes are relative to the center.
    std::copy(values_.begin(), values_.end(), centered_.begin());
    if (!state_.center.empty()) {
        for (std::size_t i = 0; i < dim_; ++i) centered_[i] -= state_.center[i];
    }
    if (state_.graph) {
        state_.kernels->dot_f32(centered_.data(), centered_.data(), 0, nullptr, 1, dim_, &centered_norm_);
    }
    codes_ready_ = false;
}

void Scorer::prepare_codes() {
    if (codes_ready_) return;
    codes_ready_ = true;
    if (state_.uniform) uniform_->set(values_, state_.uniform->scale());
    if (state_.scaled) scaled_.set(centered_);
}

void Scorer::bounds(const codes::ItemId* ids, codes::ItemId first, std::size_t count, codes::Bounds out) const {
    switch (state_.description.metric) {
        case Metric::hamming:
            state_.bits->hamming(words_, ids, first, count, out);
            return;
        case Metric::manhattan:
            state_.uniform->manhattan(*uniform_, ids, first, count, out);
            return;
        case Metric::dot:
            state_.scaled->negative_dot(scaled_, ids, first, count, out);
            return;
        case Metric::euclidean:
            if (state_.uniform) {
                state_.uniform->euclidean(*uniform_, ids, first, count, out);
            } else {
                state_.scaled->euclidean(scaled_, ids, first, count, out);
            }
            return;
        case Metric::angular:
        case Metric::cosine:
            break;
    }
    if (has_direction_) {
        state_.scaled->euclidean(scaled_, ids, first, count, out);
    } else {
        std::fill_n(out.lower, count, directionless_distance);
        std::fill_n(out.upper, count, directionless_distance);
    }
    if (state_.description.metric == Metric::angular) return;
    // 1 - cos is half the squared distance of the directions.
    constexpr float rounding = 1e-6f;
    for (std::size_t j = 0; j < count; ++j) {
        const float near = std::max(out.lower[j], 0.0f);
        out.lower[j] = near * near * 0.5f * (1.0f - rounding);
        out.upper[j] = out.upper[j] * out.upper[j] * 0.5f * (1.0f + rounding);
    }
}

// Bytes against bytes: their distance is a matter of whole numbers.
bool Scorer::codes_are_exact() {
    if (state_.description.code_kind != opened::CodeKind::uniform_exact) return false;
    prepare_codes();
    return uniform_->lossless();
}

void Scorer::exact(const codes::ItemId* ids, std::size_t count, float* distances) {
    if (state_.bits) {
        state_.bits->hamming(words_, ids, 0, count, {distances, distances});
        return;
    }
    if (codes_are_exact()) {
        if (state_.description.metric == Metric::manhattan) {
            state_.uniform->exact_manhattan(*uniform_, ids, count, distances);
        } else {
            state_.uniform->exact_euclidean(*uniform_, ids, count, distances);
        }
        return;
    }
    decode(ids, count, rows_);
    exact_distances(rows_, distances);
}

void Scorer::decode(const codes::ItemId* ids, std::size_t count, DecodedRows& out) const {
    out.count = count;
    for (std::size_t j = 0; j < count; ++j) {
        const std::span<float> row(out.values.data() + j * dim_, dim_);
        state_.vector(ids[j], row);
        out.has_direction[j] = !state_.normalised() || codes::normalise(*state_.kernels, row);
    }
}

void Scorer::exact_distances(const DecodedRows& rows, float* distances) const {
    const kernels::Kernels& kernels = *state_.kernels;
    const std::size_t count = rows.count;
    const std::size_t stride = dim_ * sizeof(float);
    const Metric metric = state_.description.metric;
    switch (metric) {
        case Metric::dot:
            kernels.dot_f32(values_.data(), rows.values.data(), stride, nullptr, count, dim_, distances);
            for (std::size_t j = 0; j < count; ++j) distances[j] = -distances[j];
            break;
        case Metric::manhattan:
            kernels.l1_f32(values_.data(), rows.values.data(), stride, nullptr, count, dim_, distances);
            break;
        default:
            kernels.squared_l2_f32(values_.data(), rows.values.data(), stride, nullptr, count, dim_, distances);
            for (std::size_t j = 0; j < count; ++j) {
                if (!has_direction_ || !rows.has_direction[j]) distances[j] = 2.0f;
                distances[j] = metric == Metric::cosine ? distances[j] * 0.5f : std::sqrt(distances[j]);
            }
            break;
    }
    // A damaged file may hold anything; what follows sorts.
    for (std::size_t j = 0; j < count; ++j) {
        if (std::isnan(distances[j])) distances[j] = std::numeric_limits<float>::infinity();
    }
}

void Scorer::prefetch_exact(codes::ItemId id) {
    if (!state_.vectors || codes_are_exact()) return;  // the kernels of codes prefetch
    opened::prefetch_lines(state_.vectors->row(id), state_.vectors->stride());
}

void Scorer::set_space() {
    const opened::SpaceKind kind = state_.space.kind();
    // A rotation needs no code of what it rotates.
    const bool coded = state_.scaled && codes_ready_;
    const bool wanted = kind == opened::SpaceKind::own || kind == opened::SpaceKind::projection;
    if (wanted && !coded) scaled_.set_code(centered_);
    if (kind == opened::SpaceKind::own) return;
    state_.space.apply_to_query(*state_.kernels, centered_, scaled_, seen_values_);
    seen_.set_code(seen_values_);
}

float Scorer::seen_length() const {
    float squares = centered_norm_;
    if (state_.space.kind() != opened::SpaceKind::own) {
        state_.kernels->dot_f32(seen_values_.data(), seen_values_.data(), 0, nullptr, 1, seen_values_.size(), &squares);
    }
    return std::sqrt(squares);
}

void Scorer::entry_points(std::vector<codes::ItemId>& found) {
    // All of a usual leaf: its codes lie one after another.
    constexpr std::size_t most = 64;
    forest::Range leaf;
    if (state_.bits) {
        leaf = forest::descend(state_.bit_forest, words_);
    } else {
        set_space();
        float scale = seen().tail().scale;
        // Planes of inner products were grown on directions.
        if (state_.description.metric == Metric::dot) {
            const float length = seen_length();
            if (length > 0) scale /= length;
        }
        leaf = forest::descend(*state_.kernels, state_.planes, {seen().code(), scale});
    }
    const std::size_t n = std::min(most, leaf.size);
    for (std::size_t i = 0; i < n; ++i) found.push_back(leaf.first + static_cast<codes::ItemId>(i * leaf.size / n));
}

void Scorer::gather(std::size_t wanted, forest::GatherScratch& scratch, std::vector<codes::ItemId>& found) {
    if (state_.bits) {
        forest::gather(state_.bit_forest, words_, wanted, scratch, found);
        return;
    }
    set_space();
    const forest::PlaneQuery query{seen().code(), seen().tail().scale};
    forest::gather(*state_.kernels, state_.planes, query, wanted, scratch, found);
}

}  // namespace nearfile::search
