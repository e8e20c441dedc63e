#include "search/distance_computer.hpp"

#include <algorithm>

namespace nearfile::search {
namespace {

// Estimates from sketches are noisy: what is a little farther than the threshold gets a look too.
// (Products have either sign, and no margin pays: docs/algorithms/inner-products.md.)
constexpr float distance_margin = 0.04f;

// Where fewer are wanted than there are: how often a nearer threshold is tried, and which part of them will do.
constexpr int most_tries = 4;
constexpr std::size_t will_do(std::size_t most) noexcept {
    return most * 2 / 5;
}

}  // namespace

void SketchDistanceComputer::set_query(const Scorer& scorer) {
    tables_.set(scorer.seen_values().first(state_.graph->sketches->dim));
    NibbleDistances::set_query(scorer);
}

void NibbleDistances::set_query(const Scorer& scorer) {
    scorer_ = &scorer;
    query_ = &scorer.seen();
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < state_.space.dim(); ++i) sum += query_->code()[i];
    query_sum_ = 7.5f * static_cast<float>(sum);
    query_norm_ = scorer.centered_norm();
}

std::size_t SketchDistanceComputer::places_below(graph::Step vertex, float threshold, Places& places) const noexcept {
    const opened::GraphView& graph = *state_.graph;
    const codes::SketchLayout& layout = *graph.sketches;
    const std::byte* row = graph.vertices.data() + vertex.item * graph.stride;
    const float margin = state_.description.metric == Metric::dot ? 0.0f : distance_margin * std::fabs(threshold);
    const codes::SketchScales scales = layout.scales_of(row);
    return state_.kernels->sketch_below(tables_.query(), layout.view(row, scales),
                                        vertex.distance + scales.least_additive, threshold + margin, layout.groups(),
                                        places.data());
}

// All below the threshold where they are no more than wanted. Else those below a nearer one, which is looked for
// between what has too many and what has too few, first at the vertex itself: nearer than it is what leads on. Never
// fewer than will do, so that a walk which has little in view yet does not come to an end.
void SketchDistanceComputer::nearest_places(graph::Step vertex, float threshold, Places& places) const noexcept {
    const float reach = std::fabs(vertex.distance);
    float few = vertex.distance - reach;
    float many = threshold;
    std::size_t n = places_below(vertex, many, places);
    if (n <= most_) return;
    for (int i = 0; i < most_tries; ++i) {
        float tried = std::isinf(many) ? few + reach : 0.5f * (few + many);
        if (i == 0 && vertex.distance < many) tried = vertex.distance;
        n = places_below(vertex, tried, places);
        if (n > most_) {
            many = tried;
        } else if (n < will_do(most_)) {
            few = tried;
        } else {
            return;
        }
    }
    if (n < will_do(most_)) places_below(vertex, many, places);
}

std::size_t SketchDistanceComputer::select_neighbors(graph::Step vertex, float threshold,
                                                     graph::ItemId* ids) const noexcept {
    Places places;
    nearest_places(vertex, threshold, places);
    std::size_t n = 0;
    for (std::size_t i = 0; i < state_.graph->sketches->masks(); ++i) {
        for (std::uint64_t mask = places[i]; mask != 0; mask &= mask - 1) {
            const auto bit = static_cast<std::size_t>(std::countr_zero(mask));
            ids[n] = sketched_neighbor(vertex.item, i * codes::places_a_mask + bit);
            n += ids[n] < state_.description.count ? 1 : 0;
        }
    }
    return n;
}

std::size_t SketchDistanceComputer::select_neighbors(graph::Step vertex, float threshold, float wider,
                                                     const Admission& admission, graph::ItemId* ids) const noexcept {
    Places places;
    Places admitted_places;
    places_below(vertex, threshold, places);
    places_below(vertex, std::max(threshold, wider), admitted_places);
    std::size_t n = 0;
    for (std::size_t i = 0; i < state_.graph->sketches->masks(); ++i) {
        for (std::uint64_t mask = admitted_places[i]; mask != 0; mask &= mask - 1) {
            const auto bit = static_cast<std::size_t>(std::countr_zero(mask));
            ids[n] = sketched_neighbor(vertex.item, i * codes::places_a_mask + bit);
            if (ids[n] >= state_.description.count) continue;
            n += (places[i] >> bit & 1) != 0 || admission.admits(ids[n]) ? 1 : 0;
        }
    }
    return n;
}

void NibbleDistances::distances(std::span<const graph::ItemId> ids, float* out) const noexcept {
    const opened::GraphView& graph = *state_.graph;
    const codes::NibbleLayout& layout = graph.nibble_layout;
    std::array<std::int32_t, codes::batch> products;
    const bool product = state_.description.metric == Metric::dot;
    const float scale = (product ? 1.0f : 2.0f) * query_->tail().scale;
    for (std::size_t start = 0; start < ids.size(); start += codes::batch) {
        const std::size_t n = std::min(codes::batch, ids.size() - start);
        state_.kernels->dot_u4(query_->code(), reinterpret_cast<const std::uint8_t*>(graph.nibbles.data()),
                               layout.stride, ids.data() + start, n, layout.blocks, products.data());
        for (std::size_t j = 0; j < n; ++j) {
            const codes::NibbleTail tail = graph.nibble_tails[ids[start + j]];
            const float along = tail.factor * scale * (static_cast<float>(products[j]) - query_sum_);
            out[start + j] = product ? -along : query_norm_ + tail.squared_norm - along;
        }
    }
}

void CodeDistanceComputer::distances(std::span<const graph::ItemId> ids, float* out) const {
    std::array<float, codes::batch> upper;
    for (std::size_t start = 0; start < ids.size(); start += codes::batch) {
        const std::size_t n = std::min(codes::batch, ids.size() - start);
        float* lower = out + start;
        scorer_.bounds(ids.data() + start, 0, n, {lower, upper.data()});
        for (std::size_t j = 0; j < n; ++j) lower[j] = (lower[j] + upper[j]) * 0.5f;
    }
}

}  // namespace nearfile::search
