// Annoy's query, told again as plainly as possible over an Image: what AnnoyFile must answer.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>
#include <set>
#include <utility>
#include <vector>

#include "annoy/sample.hpp"

namespace nearfile::annoy::sample {

inline float product(const std::vector<float>& a, const std::vector<float>& b) {
    float sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}

inline float squared_angular(const std::vector<float>& a, const std::vector<float>& b) {
    const float norms = product(a, a) * product(b, b);
    if (!(norms > 0)) return 2;
    return static_cast<float>(2.0 - 2.0 * static_cast<double>(product(a, b)) / static_cast<double>(std::sqrt(norms)));
}

inline float squared_euclidean(const std::vector<float>& a, const std::vector<float>& b) {
    float sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

inline float distance(AnnoyLayout layout, const std::vector<float>& a, const std::vector<float>& b) {
    float sum = 0;
    switch (annoy_layout_metric(layout)) {
        case Metric::angular:
            return std::sqrt(std::max(squared_angular(a, b), 0.0f));
        case Metric::euclidean:
            return std::sqrt(squared_euclidean(a, b));
        case Metric::dot:
            return product(a, b);
        default:
            for (std::size_t i = 0; i < a.size(); ++i) sum += std::fabs(a[i] - b[i]);
            return sum;
    }
}

// What answers are ordered by, and from that to what is returned: different squares can have the same root.
inline float order_by(AnnoyLayout layout, const std::vector<float>& a, const std::vector<float>& b) {
    switch (annoy_layout_metric(layout)) {
        case Metric::angular:
            return squared_angular(a, b);
        case Metric::euclidean:
            return squared_euclidean(a, b);
        case Metric::dot:
            return -product(a, b);
        default:
            return distance(layout, a, b);
    }
}

// The roots as Annoy finds them.
inline std::vector<std::int32_t> annoy_roots(const Image& image) {
    std::vector<std::int32_t> roots;
    const std::int32_t count = image.get(image.last(), 0);
    for (std::int32_t node = image.last(); node >= 0 && image.get(node, 0) == count; --node) roots.push_back(node);
    if (roots.size() > 1 && image.child(roots.front(), 0) == image.child(roots.back(), 0)) roots.pop_back();
    return roots;
}

// The nodes of a split's two children, with the priorities of both.
inline std::pair<double, double> priorities(const Image& image, std::int32_t split, const std::vector<float>& query,
                                            double parent) {
    if (image.bits()) {
        const auto bit = image.get<std::uint64_t>(split, image.at().vector);
        const std::uint64_t dimension = bit / 64 * 64 + 63 - bit % 64;
        const bool one = dimension < query.size() && query[dimension] > 0.5f;
        return {parent - (one ? 1 : 0), parent - (one ? 0 : 1)};
    }
    float margin = product(image.vector(split), query);
    const AnnoyLayout layout = image.recipe().layout;
    if (layout == AnnoyLayout::dot) {
        const auto factor = image.get<float>(split, image.at().extra);
        margin += factor * factor;
    } else if (layout == AnnoyLayout::euclidean || layout == AnnoyLayout::manhattan) {
        margin += image.get<float>(split, image.at().extra);
    }
    return {std::min(parent, -static_cast<double>(margin)), std::min(parent, static_cast<double>(margin))};
}

inline std::vector<AnnoyNeighbor> reference_search(const Image& image, const std::vector<float>& query, std::size_t n,
                                                   std::size_t search_k) {
    std::priority_queue<std::pair<double, std::int32_t>> waiting;
    for (const std::int32_t root : annoy_roots(image)) {
        waiting.emplace(image.bits() ? 0.0 : std::numeric_limits<double>::infinity(), root);
    }
    const std::int32_t n_items = image.get(image.last(), 0);
    std::vector<std::int32_t> found;
    while (found.size() < search_k && !waiting.empty()) {
        const auto [priority, node] = waiting.top();
        waiting.pop();
        const std::int32_t descendants = image.get(node, 0);
        if (descendants == 1 && node < n_items) {
            found.push_back(node);
        } else if (descendants <= image.capacity()) {
            for (int i = 0; i < descendants; ++i) found.push_back(image.child(node, i));
        } else {
            const auto [first, second] = priorities(image, node, query, priority);
            waiting.emplace(first, image.child(node, 0));
            waiting.emplace(second, image.child(node, 1));
        }
    }
    std::set<std::pair<float, std::int32_t>> ordered;
    for (const std::int32_t id : found) {
        if (image.get(id, 0) == 1) ordered.emplace(order_by(image.recipe().layout, query, image.vector(id)), id);
    }
    std::vector<AnnoyNeighbor> nearest;
    for (const auto& [order, id] : ordered) {
        if (nearest.size() < n) nearest.push_back({id, distance(image.recipe().layout, query, image.vector(id))});
    }
    return nearest;
}

inline bool same(const std::vector<AnnoyNeighbor>& a, const std::vector<AnnoyNeighbor>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const AnnoyNeighbor& x, const AnnoyNeighbor& y) {
        return x.id == y.id && x.distance == y.distance;
    });
}

}  // namespace nearfile::annoy::sample
