#include "annoy/layout.hpp"

#include <array>

namespace nearfile {
namespace annoy {
namespace {

// In the order of AnnoyLayout. Layouts of one metric stand side by side, so that layouts_of() can hand out a part of
// it.
constexpr std::array<AnnoyLayout, 7> every_layout = {
    AnnoyLayout::angular,  AnnoyLayout::euclidean, AnnoyLayout::manhattan,      AnnoyLayout::dot,
    AnnoyLayout::dot_main, AnnoyLayout::hamming,   AnnoyLayout::hamming_packed,
};

struct Places {
    std::size_t children_at;
    std::size_t extra_at;
    std::size_t vector_at;
};

constexpr Places places_of(AnnoyLayout name) noexcept {
    switch (name) {
        case AnnoyLayout::angular:
        case AnnoyLayout::hamming_packed:
            return {4, 0, 12};
        case AnnoyLayout::euclidean:
        case AnnoyLayout::manhattan:
            return {8, 4, 16};
        case AnnoyLayout::dot:
            return {4, 12, 16};
        case AnnoyLayout::dot_main:
            return {4, 12, 24};
        case AnnoyLayout::hamming:
            break;
    }
    return {4, 0, 16};
}

}  // namespace

Layout layout_of(AnnoyLayout name, std::uint32_t dim) noexcept {
    const Places places = places_of(name);
    const bool bits = annoy_layout_metric(name) == Metric::hamming;
    const std::size_t words = bits ? (std::size_t{dim} + 63) / 64 : 0;
    const std::size_t vector_bytes = bits ? words * sizeof(std::uint64_t) : std::size_t{dim} * sizeof(float);
    const std::size_t node_bytes = places.vector_at + vector_bytes;
    return {.name = name,
            .dim = dim,
            .node_bytes = node_bytes,
            .children_at = places.children_at,
            .extra_at = places.extra_at,
            .vector_at = places.vector_at,
            .words = words,
            .leaf_capacity = static_cast<std::int32_t>((node_bytes - places.children_at) / sizeof(std::int32_t))};
}

std::span<const AnnoyLayout> layouts_of(Metric metric) noexcept {
    std::size_t first = 0;
    while (first < every_layout.size() && annoy_layout_metric(every_layout[first]) != metric) ++first;
    std::size_t end = first;
    while (end < every_layout.size() && annoy_layout_metric(every_layout[end]) == metric) ++end;
    return std::span(every_layout).subspan(first, end - first);
}

std::span<const AnnoyLayout> all_layouts() noexcept {
    return every_layout;
}

}  // namespace annoy

std::string_view annoy_layout_name(AnnoyLayout layout) noexcept {
    constexpr std::array<std::string_view, 7> names = {
        "angular",
        "euclidean",
        "manhattan",
        "dot (1.13 to 1.17.3)",
        "dot (main branch since 2023)",
        "hamming (since 1.17.0)",
        "hamming (1.10 to 1.16.3)",
    };
    const auto i = static_cast<std::size_t>(layout);
    return i < names.size() ? names[i] : "unknown";
}

Metric annoy_layout_metric(AnnoyLayout layout) noexcept {
    switch (layout) {
        case AnnoyLayout::angular:
            return Metric::angular;
        case AnnoyLayout::euclidean:
            return Metric::euclidean;
        case AnnoyLayout::manhattan:
            return Metric::manhattan;
        case AnnoyLayout::dot:
        case AnnoyLayout::dot_main:
            return Metric::dot;
        case AnnoyLayout::hamming:
        case AnnoyLayout::hamming_packed:
            break;
    }
    return Metric::hamming;
}

}  // namespace nearfile
