#include "graph/query_lists.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/random.hpp"

namespace nearfile::graph {
namespace {

// Codes of so many items stay in the second-level cache while queries take turns.
constexpr std::uint32_t stretch = 512;

}  // namespace

void ListScanner::cut(Best& best, std::size_t most) {
    auto& some = best.some;
    if (some.size() < most || most == 0) return;
    const auto end = some.begin() + static_cast<std::ptrdiff_t>(most);
    std::nth_element(some.begin(), end - 1, some.end());
    some.erase(end, some.end());
    best.threshold = some.back().first;
}

void ListScanner::scan(std::uint32_t first, std::uint32_t last, QueryLists& lists) {
    const std::size_t most = lists.length();
    best_.resize(last - first);
    for (Best& best : best_) {
        best.some.clear();
        best.threshold = std::numeric_limits<float>::infinity();
    }
    ids_.resize(stretch);
    distances_to_.resize(stretch);
    for (std::uint32_t begin = 0; begin < distances_.count(); begin += stretch) {
        const std::uint32_t n = std::min(stretch, distances_.count() - begin);
        std::iota(ids_.begin(), ids_.end(), begin);
        for (std::uint32_t query = first; query < last; ++query) {
            distances_.from(query, std::span(ids_).first(n), distances_to_.data());
            Best& best = best_[query - first];
            // Items come in ascending order: one as far as the last that is kept comes after it.
            for (std::uint32_t i = 0; i < n; ++i) {
                if (distances_to_[i] < best.threshold) best.some.emplace_back(distances_to_[i], begin + i);
            }
            if (best.some.size() > 4 * most) cut(best, most);
        }
    }
    for (std::uint32_t query = first; query < last; ++query) {
        Best& best = best_[query - first];
        cut(best, most);
        std::sort(best.some.begin(), best.some.end());
        const auto list = lists.list(query);
        std::fill(list.begin(), list.end(), no_item);
        for (std::size_t i = 0; i < best.some.size(); ++i) list[i] = best.some[i].second;
    }
}

void ListWalker::visit(std::uint32_t query, std::span<const ItemId> some) {
    fresh_.clear();
    for (const ItemId each : some) {
        if (visited_.insert(each)) fresh_.push_back(each);
    }
    distances_to_.resize(fresh_.size());
    distances_.from(query, fresh_, distances_to_.data());
    frontier_.insert_all(distances_to_.data(), fresh_.data(), fresh_.size());
}

void ListWalker::walk(std::uint32_t query, std::span<const ItemId> entry_points, QueryLists& lists) {
    const auto list = lists.list(query);
    frontier_.reset(std::max<std::size_t>(width_, list.size()));
    visited_.reset(static_cast<std::size_t>(width_) * 32);
    visit(query, entry_points);
    while (frontier_.has_next()) visit(query, graph_.neighbors(frontier_.next().item));
    std::fill(list.begin(), list.end(), no_item);
    const std::size_t n = std::min(list.size(), frontier_.size());
    for (std::size_t i = 0; i < n; ++i) list[i] = frontier_[i].item;
}

namespace {

// An item at random, and with it neighbours of it up to `wanted`.
void choose_near(const Adjacency& graph, std::size_t wanted, base::Random& random, std::vector<ItemId>& parts) {
    parts.clear();
    if (graph.count() == 0) return;
    parts.push_back(random.below(graph.count()));
    const auto neighbors = graph.neighbors(parts.front());
    while (parts.size() < wanted && !neighbors.empty()) {
        parts.push_back(neighbors[random.below(static_cast<std::uint32_t>(neighbors.size()))]);
    }
}

}  // namespace

void choose_parts(const Adjacency& graph, std::uint64_t seed, std::uint32_t query, std::vector<ItemId>& parts) {
    base::Random random(base::derive_seed(seed, query));
    choose_near(graph, std::size_t{1} << query % 4, random, parts);
}

void choose_mixed_parts(const Adjacency& graph, std::uint64_t seed, std::uint32_t query, std::vector<ItemId>& parts) {
    constexpr std::size_t near = 6;
    constexpr int far = 2;
    base::Random random(base::derive_seed(seed, query));
    choose_near(graph, near, random, parts);
    for (int i = 0; i < far && graph.count() > 0; ++i) parts.push_back(random.below(graph.count()));
}

}  // namespace nearfile::graph
