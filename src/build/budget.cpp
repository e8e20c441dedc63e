#include "build/budget.hpp"

#include <algorithm>
#include <array>

#include "codes/nibble.hpp"
#include "codes/sketch.hpp"
#include "graph/sorted_row.hpp"
#include "opened/description.hpp"
#include "opened/graph_view.hpp"

namespace nearfile::build {
namespace {

// docs/algorithms/graph.md has the measurements behind these.
constexpr std::uint32_t sparsest = 16;

// What `balanced` may take for an item, in times its values in single precision: docs/recall.md promises it. Where the
// values are few, the bytes that a graph needs.
constexpr double share_of_few = 2.5;  // up to so many dimensions
constexpr double few_dims = 128;
constexpr double share_of_many = 2.0;  // from so many on; in between in proportion
constexpr double many_dims = 384;
constexpr double balanced_least = 960;

// The same of `compact` with split codes, where fewer places allow it.
constexpr double share_of_split = 0.30;
constexpr std::uint32_t sparsest_split = 24;
constexpr std::uint32_t step_of_split = 4;
constexpr double items_a_plane = 94;  // a leaf is about three quarters full

// What a sketch is off by shrinks with its bits, whatever it is a sketch of; who is misled looks at a code, which is
// the longer the more dimensions there are.
struct SketchedDimensions {
    std::size_t most_seen;
    std::size_t sketched;
};
constexpr std::array<SketchedDimensions, 3> enough_sketched = {{{64, 32}, {100, 64}, {128, 96}}};
constexpr std::size_t most_sketched = 128;

double balanced_budget(std::size_t dim) {
    const double between = std::clamp((static_cast<double>(dim) - few_dims) / (many_dims - few_dims), 0.0, 1.0);
    const double share = share_of_few + between * (share_of_many - share_of_few);
    return std::max(share * static_cast<double>(dim * sizeof(float)), balanced_least);
}

}  // namespace

std::size_t sketched_dimensions(std::size_t seen, Metric metric) noexcept {
    if (metric == Metric::dot) return seen;  // of a product an estimate must say more
    for (const SketchedDimensions& each : enough_sketched) {
        if (seen <= each.most_seen) return std::min<std::size_t>(seen, each.sketched);
    }
    return most_sketched;
}

std::size_t bytes_of_item(std::size_t seen, std::uint32_t degree, Metric metric, const Rows& rows) {
    const codes::SketchLayout layout(sketched_dimensions(seen, metric), degree, opened::id_bytes(rows.count()),
                                     opened::sketch_kind(metric));
    const std::size_t order = 2 * sizeof(std::uint32_t);
    const std::size_t inverse_length = opened::normalised(metric) ? sizeof(float) : 0;
    return layout.stride + codes::NibbleLayout(seen).stride + sizeof(codes::NibbleTail) +
           rows.dim() * codes::bytes_per_value(rows.kind()) + inverse_length + order;
}

std::uint64_t balanced_bytes(std::size_t dim) {
    return static_cast<std::uint64_t>(balanced_budget(dim));
}

std::uint32_t degree_in_budget(std::size_t seen, Metric metric, const Rows& rows, Profile profile) {
    if (profile == Profile::fast) return densest;
    const double budget = balanced_budget(rows.dim());
    std::uint32_t degree = sparsest;
    for (std::uint32_t denser = degree; denser <= densest; denser += codes::sketch_group) {
        if (static_cast<double>(bytes_of_item(seen, denser, metric, rows)) <= budget) degree = denser;
    }
    return degree;
}

std::uint32_t degree_of_split(std::size_t dim, std::uint32_t count) noexcept {
    const auto values = static_cast<double>(dim);
    const double rest = static_cast<double>(2 * codes::NibbleLayout(dim).stride + sizeof(codes::NibbleTail)) +
                        2 * sizeof(std::uint32_t) + values / items_a_plane;
    for (std::uint32_t degree = compact_degree; degree > sparsest_split; degree -= step_of_split) {
        const double all = rest + static_cast<double>(graph::SortedRowLayout(count, degree).stride);
        if (all <= share_of_split * values * sizeof(float)) return degree;
    }
    return sparsest_split;
}

}  // namespace nearfile::build
