#include "build/budget.hpp"

#include <algorithm>

#include "codes/nibble.hpp"
#include "codes/projection.hpp"
#include "codes/sketch.hpp"

namespace nearfile::build {
namespace {

// docs/algorithms/graph.md has the measurements behind these.
constexpr std::uint32_t sparsest = 32;
constexpr std::uint32_t densest = 64;

// What `balanced` may take for an item, in times its values in single precision: more where walks see all of many
// dimensions, whose graph is worth less for fewer edges; and where the values are few, the bytes that a graph needs.
constexpr double balanced_share = 2.7;
constexpr double balanced_share_of_many = 3.6;
constexpr double balanced_least = 1382;

}  // namespace

std::size_t bytes_of_item(std::size_t seen, std::uint32_t degree, const Rows& rows) {
    return codes::SketchLayout(seen, degree).stride + codes::NibbleLayout(seen).stride +
           rows.dim() * codes::bytes_per_value(rows.kind()) + 2 * sizeof(std::uint32_t);
}

std::uint32_t degree_in_budget(std::size_t seen, const Rows& rows, Profile profile) {
    if (profile == Profile::fast) return densest;
    const double share = seen > codes::projected_dim ? balanced_share_of_many : balanced_share;
    const double budget = std::max(share * static_cast<double>(rows.dim() * sizeof(float)), balanced_least);
    std::uint32_t degree = sparsest;
    for (std::uint32_t denser = degree; denser <= densest; denser += codes::sketch_group) {
        if (static_cast<double>(bytes_of_item(seen, denser, rows)) <= budget) degree = denser;
    }
    return degree;
}

}  // namespace nearfile::build
