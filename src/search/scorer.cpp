#include "search/scorer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "codes/normalise.hpp"
#include "forest/descend.hpp"

namespace nearfile::search {
namespace {

// Squares of differences below this have lost digits to the end of single precision's range.
constexpr float least_square = 1e-30f;

constexpr float directionless_distance = 1.41421356f;  // as Annoy: a zero vector is at a right angle to everything

// All of a usual leaf, whose codes lie one after another; of long codes fewer, or reading them would cost more than the
// steps that it saves.
std::size_t most_entry_points(const Index::State& state) noexcept {
    constexpr std::size_t fewest = 8;
    constexpr std::size_t most = 64;
    constexpr std::size_t bytes = 4096;
    if (!state.graph->has_nibbles()) return most;
    return std::clamp(bytes / state.graph->nibble_layout.stride, fewest, most);
}

// From the products of a direction with vectors, in out.lower. `rounding`: of a squared distance of directions.
void direction_bounds(const RowBlock& rows, Metric metric, bool query_has_direction, float rounding,
                      codes::Bounds out) noexcept {
    for (std::size_t j = 0; j < rows.count(); ++j) {
        const float inverse = rows.inverse_lengths()[j];
        const bool directionless = !query_has_direction || inverse == 0;
        const float square = directionless ? 2.0f : 2.0f - 2.0f * out.lower[j] * inverse;
        float low = directionless ? square : std::max(square - rounding, 0.0f);
        float high = directionless ? square : std::min(square + rounding, 4.0f);
        if (std::isnan(square)) {  // to be measured
            low = 0.0f;
            high = 4.0f;
        }
        out.lower[j] = metric == Metric::cosine ? low * 0.5f : std::sqrt(low);
        out.upper[j] = metric == Metric::cosine ? high * 0.5f : std::sqrt(high);
    }
}

// A damaged file may hold anything; what follows sorts.
void replace_what_is_no_number(std::span<float> distances) noexcept {
    for (float& each : distances) {
        if (std::isnan(each)) each = std::numeric_limits<float>::infinity();
    }
}

}  // namespace

RowBlock::RowBlock(const Index::State& state)
    : state_(state),
      dim_(state.description.dim),
      in_map_(state.vectors && state.vectors->kind() == codes::ValueKind::float32 && !state.vectors->are_in_parts()),
      decoded_(in_map_ || state.description.code_kind != opened::CodeKind::none ? 0 : codes::batch * dim_) {}

void RowBlock::load(codes::ItemId first, std::size_t count) {
    count_ = count;
    if (in_map_) {
        rows_ = reinterpret_cast<const float*>(state_.vectors->row(first));
    } else {
        for (std::size_t j = 0; j < count; ++j) {
            state_.vector(first + static_cast<codes::ItemId>(j), std::span(decoded_).subspan(j * dim_, dim_));
        }
        rows_ = decoded_.data();
    }
    if (!state_.normalised()) return;
    for (std::size_t j = 0; j < count; ++j) {
        const float inverse = state_.inverse_lengths[first + j];
        inverse_lengths_[j] = inverse == codes::no_inverse_length ? std::numeric_limits<float>::quiet_NaN() : inverse;
    }
}

Scorer::Scorer(const Index::State& state)
    : state_(state),
      dim_(state.description.dim),
      values_(dim_),
      centered_(dim_),
      rows_(state.bits || state.vectors ? 0 : exact_batch * dim_),
      words_(codes::words_of(dim_)),
      scaled_(dim_),
      seen_(state.space.dim()),
      seen_values_(state.space.dim()) {
    if (state.uniform) uniform_.emplace(dim_);
    if (state.vectors) vectors_.emplace(state);
}

void Scorer::set_query(std::span<const float> values) {
    leaf_.reset();
    if (state_.bits) {
        codes::pack_bits(values, words_);
        return;
    }
    std::copy(values.begin(), values.end(), values_.begin());
    has_direction_ = !state_.normalised() || codes::normalise(*state_.kernels, values_);
    if (vectors_) vectors_->set_query(values_, has_direction_);
    // Planes and scaled codes are relative to the center.
    std::copy(values_.begin(), values_.end(), centered_.begin());
    if (!state_.center.empty()) {
        for (std::size_t i = 0; i < dim_; ++i) centered_[i] -= state_.center[i];
    }
    if (state_.graph) {
        state_.kernels->dot_f32(centered_.data(), centered_.data(), 0, nullptr, 1, dim_, &centered_norm_);
    }
    codes_ready_ = false;
    space_ready_ = false;
}

void Scorer::prepare_codes() {
    if (codes_ready_) return;
    codes_ready_ = true;
    if (state_.uniform) uniform_->set(*state_.kernels, values_, state_.uniform->scale());
    if (state_.scaled) scaled_.set(*state_.kernels, centered_);
    if (!state_.split) return;
    set_space();
    seen_.set(*state_.kernels, seen_values_);
    kept_query_ = seen_values_;
    for (std::size_t i = 0; i < state_.seen_center.size(); ++i) kept_query_[i] += state_.seen_center[i];
}

void Scorer::bounds(const codes::ItemId* ids, codes::ItemId first, std::size_t count, codes::Bounds out) {
    if (state_.description.code_kind == opened::CodeKind::none) return vectors_->bounds(ids, first, count, out);
    bounds_of_codes(ids, first, count, out);
}

void Scorer::bounds_of_codes(const codes::ItemId* ids, codes::ItemId first, std::size_t count,
                             codes::Bounds out) const {
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
            } else if (state_.split) {
                state_.split->euclidean(seen_, false, ids, first, count, out);
            } else {
                state_.scaled->euclidean(scaled_, ids, first, count, out);
            }
            return;
        case Metric::angular:
        case Metric::cosine:
            break;
    }
    if (has_direction_ && state_.split) {
        state_.split->euclidean(seen_, true, ids, first, count, out);
    } else if (has_direction_) {
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
    if (vectors_) return vectors_->exact(ids, 0, count, distances);
    exact_of_codes(ids, count, distances);
}

// What codes stand for is all there is: it is decoded, and measured as vectors are.
void Scorer::exact_of_codes(const codes::ItemId* ids, std::size_t count, float* distances) {
    if (state_.split) return measure_split(ids, count, distances);
    for (std::size_t j = 0; j < count; ++j) {
        const std::span<float> row(rows_.data() + j * dim_, dim_);
        state_.vector(ids[j], row);
        row_has_direction_[j] = !state_.normalised() || codes::normalise(*state_.kernels, row);
    }
    const kernels::Kernels& kernels = *state_.kernels;
    const Metric metric = state_.description.metric;
    const std::size_t stride = dim_ * sizeof(float);
    if (metric == Metric::dot) {
        kernels.dot_f32(values_.data(), rows_.data(), stride, nullptr, count, dim_, distances);
        for (std::size_t j = 0; j < count; ++j) distances[j] = -distances[j];
    } else if (metric == Metric::manhattan) {
        kernels.l1_f32(values_.data(), rows_.data(), stride, nullptr, count, dim_, distances);
    } else {
        kernels.squared_l2_f32(values_.data(), rows_.data(), stride, nullptr, count, dim_, distances);
        distances_of_squares(ids, count, distances);
    }
    replace_what_is_no_number({distances, count});
}

// The same where they stand for rotated vectors, which are as far apart as if they were not.
void Scorer::measure_split(const codes::ItemId* ids, std::size_t count, float* distances) {
    prepare_codes();
    for (std::size_t j = 0; j < count; ++j) {
        const std::span<float> row(rows_.data() + j * dim_, dim_);
        state_.split->decode(ids[j], row);
        if (!state_.normalised()) continue;
        for (std::size_t i = 0; i < dim_; ++i) row[i] += state_.seen_center[i];
        row_has_direction_[j] = state_.split->tail(ids[j], true).scale != 0 && codes::normalise(*state_.kernels, row);
    }
    state_.kernels->squared_l2_f32(kept_query_.data(), rows_.data(), dim_ * sizeof(float), nullptr, count, dim_,
                                   distances);
    distances_of_squares(ids, count, distances);
    replace_what_is_no_number({distances, count});
}

void Scorer::distances_of_squares(const codes::ItemId* ids, std::size_t count, float* distances) const {
    const Metric metric = state_.description.metric;
    if (metric == Metric::euclidean) {
        for (std::size_t j = 0; j < count; ++j) {
            const bool underflows = distances[j] < least_square;
            distances[j] = underflows ? static_cast<float>(precise_distance(ids[j])) : std::sqrt(distances[j]);
        }
        return;
    }
    for (std::size_t j = 0; j < count; ++j) {
        // Rounding must not lead beyond what directions can be apart.
        const float square = has_direction_ && row_has_direction_[j] ? std::min(distances[j], 4.0f) : 2.0f;
        distances[j] = metric == Metric::cosine ? square * 0.5f : std::sqrt(square);
    }
}

double Scorer::precise_distance(codes::ItemId id) const {
    std::vector<float> row(dim_);
    state_.vector(id, row);
    double squares = 0;
    for (std::size_t i = 0; i < dim_; ++i) {
        const double difference = static_cast<double>(row[i]) - values_[i];
        squares += difference * difference;
    }
    return std::sqrt(squares);
}

void Scorer::bounds(const RowBlock& rows, codes::Bounds out) const {
    const kernels::Kernels& kernels = *state_.kernels;
    const std::size_t n = rows.count();
    const std::size_t stride = dim_ * sizeof(float);
    const Metric metric = state_.description.metric;
    const float rounding = codes::rounding_allowance(dim_);
    if (metric == Metric::manhattan) {
        kernels.l1_f32(values_.data(), rows.rows(), stride, nullptr, n, dim_, out.lower);
    } else if (metric == Metric::euclidean) {
        kernels.squared_l2_f32(values_.data(), rows.rows(), stride, nullptr, n, dim_, out.lower);
        for (std::size_t j = 0; j < n; ++j) {
            out.upper[j] = std::sqrt(std::max(out.lower[j], least_square));
            out.lower[j] = out.lower[j] < least_square ? 0.0f : out.upper[j];
        }
        return;
    } else {
        kernels.dot_f32(values_.data(), rows.rows(), stride, nullptr, n, dim_, out.lower);
        if (metric == Metric::dot) {
            for (std::size_t j = 0; j < n; ++j) out.lower[j] = -out.lower[j];
        } else {
            direction_bounds(rows, metric, has_direction_, 4.0f * rounding, out);
            return;
        }
    }
    std::copy_n(out.lower, n, out.upper);
}

void Scorer::prefetch_exact(codes::ItemId id) {
    if (state_.split) {
        opened::prefetch_lines(state_.split->lower_row(id), state_.split->layout().stride);
        return;
    }
    if (!vectors_ || codes_are_exact()) return;  // the kernels of codes prefetch
    vectors_->prefetch_exact(id);
}

void Scorer::prefetch_vector(codes::ItemId id) const noexcept {
    if (state_.uniform) {
        opened::prefetch_lines(state_.uniform->row(id), state_.uniform->layout().stride);
    } else if (vectors_) {
        vectors_->prefetch_bounds(id);
        if (state_.vectors->are_in_parts()) vectors_->prefetch_exact(id);
    }
}

void Scorer::prefetch_bounds(codes::ItemId id) const noexcept {
    if (state_.description.code_kind == opened::CodeKind::none) vectors_->prefetch_bounds(id);
}

void Scorer::set_space() {
    if (space_ready_) return;
    space_ready_ = true;
    const opened::SpaceKind kind = state_.space.kind();
    // A rotation needs no code of what it rotates.
    const bool coded = state_.scaled && codes_ready_;
    const bool wanted = kind == opened::SpaceKind::own || kind == opened::SpaceKind::projection;
    if (wanted && !coded) scaled_.set_code(*state_.kernels, centered_);
    if (kind == opened::SpaceKind::own) return;
    state_.space.apply_to_query(*state_.kernels, centered_, scaled_, seen_values_);
    seen_.set_code(*state_.kernels, seen_values_);
}

float Scorer::seen_length() const {
    float squares = centered_norm_;
    if (state_.space.kind() != opened::SpaceKind::own) {
        state_.kernels->dot_f32(seen_values_.data(), seen_values_.data(), 0, nullptr, 1, seen_values_.size(), &squares);
    }
    return std::sqrt(squares);
}

forest::Range Scorer::entry_leaf() {
    if (leaf_) return *leaf_;
    if (state_.bits) {
        leaf_ = forest::descend(state_.bit_forest, words_);
    } else {
        set_space();
        float scale = seen().tail().scale;
        // Planes of inner products were grown on directions.
        if (state_.description.metric == Metric::dot) {
            const float length = seen_length();
            if (length > 0) scale /= length;
        }
        leaf_ = forest::descend(*state_.kernels, state_.planes, {seen().code(), scale});
    }
    return *leaf_;
}

void Scorer::keep_seen(SeenQuery& seen_query) {
    seen_query.leaf = entry_leaf();
    seen_query.code.assign(seen().code(), seen().code() + state_.space.dim());
    seen_query.values = seen_values_;
    seen_query.scale = seen().tail().scale;
}

void Scorer::restore_seen(const SeenQuery& seen_query) {
    leaf_ = seen_query.leaf;
    space_ready_ = true;
    codes::ScaledQuery& code = state_.space.kind() == opened::SpaceKind::own ? scaled_ : seen_;
    code.restore_code(seen_query.code, seen_query.scale);
    std::ranges::copy(seen_query.values, seen_values_.begin());
}

void Scorer::entry_points(std::vector<codes::ItemId>& found) {
    const forest::Range leaf = entry_leaf();
    const std::size_t n = std::min(most_entry_points(state_), leaf.size);
    for (std::size_t i = 0; i < n; ++i) found.push_back(leaf.first + static_cast<codes::ItemId>(i * leaf.size / n));
}

void Scorer::gather(std::size_t wanted, std::span<const std::uint64_t> allowed, forest::GatherScratch& scratch,
                    std::vector<codes::ItemId>& found) {
    if (state_.bits) {
        forest::gather(state_.bit_forest, words_, wanted, allowed, scratch, found);
        return;
    }
    set_space();
    const forest::PlaneQuery query{seen().code(), seen().tail().scale};
    forest::gather(*state_.kernels, state_.planes, query, wanted, allowed, scratch, found);
}

}  // namespace nearfile::search
