#include "search/effort.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace nearfile::search {
namespace {

using Curve = std::span<const CalibrationPoint>;

// opened/open.cpp has checked that curves are in order.
Curve curve_of(Curve curves, std::uint32_t k) noexcept {
    const auto first = std::ranges::lower_bound(curves, k, {}, &CalibrationPoint::k);
    const auto last = std::ranges::upper_bound(first, curves.end(), k, {}, &CalibrationPoint::k);
    return {first, last};
}

float sure_of(const CalibrationPoint& point) noexcept {
    return point.recall - point.standard_error;
}

bool has_end(Curve curve) noexcept {
    return !curve.empty() && curve.back().recall >= curve_end;
}

// Between two points of a curve in proportion.
std::optional<double> effort_on(Curve curve, float recall) noexcept {
    if (curve.empty() || recall >= 1) return std::nullopt;
    for (std::size_t i = 0; i < curve.size(); ++i) {
        const float sure = sure_of(curve[i]);
        if (sure < recall) continue;
        if (i == 0) return curve[i].effort;
        const double before = curve[i - 1].effort;
        const double share = (recall - sure_of(curve[i - 1])) / (sure - sure_of(curve[i - 1]));
        return before + share * (curve[i].effort - before);
    }
    if (!has_end(curve)) return std::nullopt;
    return (recall > curve_end ? 2.0 : 1.0) * curve.back().effort;
}

std::uint32_t whole(double effort) noexcept {
    return effort < 1e9 ? static_cast<std::uint32_t>(std::ceil(std::max(effort, 1.0))) : every_item;
}

// A default that finds nine of ten nearest neighbours on usual data: docs/algorithms/forest.md.
constexpr std::uint64_t default_candidates_least = 5000;
constexpr std::uint64_t default_candidates_per_neighbor = 200;

}  // namespace

std::uint64_t candidates_wanted(const SearchOptions& options, std::size_t k, std::size_t dim) {
    // Coding the query and passing the planes costs more than scoring so many, so fewer would save nothing.
    const std::uint64_t least = std::max<std::uint64_t>(k, dim / 4);
    if (options.search_k != 0) return std::max(options.search_k, least);
    return std::max({default_candidates_least, default_candidates_per_neighbor * k, least});
}

std::uint32_t effort_for(std::span<const CalibrationPoint> curves, std::uint32_t k, float recall) noexcept {
    std::size_t upper = 0;
    while (upper + 1 < calibrated_ks.size() && calibrated_ks[upper] < k) ++upper;
    const std::uint32_t high_k = calibrated_ks[upper];
    const auto high = effort_on(curve_of(curves, high_k), recall);
    if (!high) return every_item;
    // Beyond the curves in proportion.
    if (k >= high_k) return whole(*high * k / high_k);
    const std::uint32_t low_k = calibrated_ks[upper - 1];
    const auto low = effort_on(curve_of(curves, low_k), recall);
    if (!low) return every_item;
    const double share = std::log(static_cast<double>(k) / low_k) / std::log(static_cast<double>(high_k) / low_k);
    return whole(*low + share * (*high - *low));
}

float recall_of_walks(std::span<const CalibrationPoint> curves, std::uint32_t k) noexcept {
    const Curve curve = curve_of(curves, k);
    if (has_end(curve)) return 1.0f;
    float most = 0;
    for (const CalibrationPoint& point : curve) most = std::max(most, sure_of(point));
    return most;
}

double item_of_a_scan(const Index::State& state) noexcept {
    const auto dim = static_cast<double>(state.description.dim);
    if (state.description.code_kind != opened::CodeKind::none) {
        const double bytes = state.bits ? dim / 8 : dim;
        return 4 + 0.05 * bytes;
    }
    return 3.5 + 0.16 * static_cast<double>(state.vectors->stride());
}

double admitted_item_of_a_scan(const Index::State& state) noexcept {
    return 15 + item_of_a_scan(state);
}

double vertex_of_a_walk(const Index::State& state) noexcept {
    const opened::GraphView& graph = *state.graph;
    if (graph.sketches) return 300 + 0.5 * static_cast<double>(graph.stride);
    const std::size_t bytes = graph.has_nibbles() ? graph.nibble_layout.stride : graph.code_stride;
    return 300 + static_cast<double>(graph.degree) * (15 + 0.1 * static_cast<double>(bytes));
}

std::uint32_t scanned_from(const Index::State& state) noexcept {
    const double efforts = item_of_a_scan(state) * state.description.count / vertex_of_a_walk(state);
    return static_cast<std::uint32_t>(std::min(efforts, 1e9));
}

}  // namespace nearfile::search
