#include "search/graph_walk.hpp"

#include <cmath>

namespace nearfile::search {
namespace {

// Of a 4-bit code's vector, the length that is lost, in parts of what it has; that of directions of no pattern.
constexpr float lost = 0.1f;

// Candidates are measured as far as their squared distance is within so many errors of the k-th: few where a short walk
// misses more than they would add, and each may be a page; where much effort is asked for soon all.
// docs/larger-than-memory.md has the figures, docs/algorithms/graph.md those of long vectors.
constexpr float least_errors_of_pages = 1.5f;
constexpr float least_errors_of_long_vectors = 2.0f;
constexpr float efforts_an_error = 120.0f;

// 0 where as many are measured as may be.
float least_errors(const Index::State& state) noexcept {
    if (state.graph->sorted) return state.graph->has_nibbles() && !state.split ? least_errors_of_pages : 0.0f;
    const bool sees_all = state.space.kind() != opened::SpaceKind::projection;
    const bool dots = state.description.metric == Metric::dot;
    return is_long(state) && sees_all && !dots ? least_errors_of_long_vectors : 0.0f;
}

}  // namespace

// |q - x|^2 by codes is off by twice the product of q - x with what was lost of x, which points anywhere: in so many
// dimensions that is 2 |q - x| lost |x| / sqrt(dim). About here |x| is |q|.
std::size_t measured(const Index::State& state, std::size_t effort, std::size_t k, const Scratch& scratch) {
    const graph::Frontier& visited = scratch.walk.frontier;
    const std::size_t most = std::min(reranked(state, effort, k), visited.size());
    const float least = least_errors(state);
    if (least == 0 || k == 0 || most <= k) return most;
    const float square = visited[k - 1].distance;
    const auto dim = static_cast<float>(state.space.dim());
    const float error = 2.0f * lost * std::sqrt(std::max(square, 0.0f) * scratch.scorer.centered_norm() / dim);
    const float more = static_cast<float>(effort) / efforts_an_error;
    const float limit = square + error * (least + std::max(more, more * more));
    std::size_t n = k;
    while (n < most && visited[n].distance <= limit) ++n;
    return n;
}

}  // namespace nearfile::search
