// Items and queries that are points of the plane, for the tests of this folder.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "check.hpp"
#include "graph/adjacency.hpp"
#include "graph/distances.hpp"
#include "graph/query_lists.hpp"

namespace nearfile::graph::sample {

struct Point {
    float x;
    float y;
};

inline float uniform(base::Random& random) {
    return static_cast<float>(random.next() >> 40) * 0x1p-24f;
}

inline std::vector<Point> points(std::size_t n, base::Random& random) {
    std::vector<Point> some(n);
    for (Point& point : some) point = {uniform(random) - 0.5f, uniform(random) - 0.5f};
    return some;
}

inline float squared(Point a, Point b) {
    return (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y);
}

class Between final : public Distances {
public:
    explicit Between(std::span<const Point> items) : items_(items) {}
    std::uint32_t count() const noexcept override { return static_cast<std::uint32_t>(items_.size()); }
    void from(ItemId item, std::span<const ItemId> to, float* out) const override {
        for (std::size_t i = 0; i < to.size(); ++i) out[i] = squared(items_[item], items_[to[i]]);
    }
    float scaled(float factor) const noexcept override { return factor * factor; }

private:
    std::span<const Point> items_;
};

// Negative inner products: below zero as often as not.
class Products final : public QueryDistances {
public:
    Products(std::span<const Point> queries, std::span<const Point> items) : queries_(queries), items_(items) {}
    std::uint32_t count() const noexcept override { return static_cast<std::uint32_t>(items_.size()); }
    void from(std::uint32_t query, std::span<const ItemId> to, float* out) const override {
        const Point q = queries_[query];
        for (std::size_t i = 0; i < to.size(); ++i) out[i] = -(q.x * items_[to[i]].x + q.y * items_[to[i]].y);
    }

private:
    std::span<const Point> queries_;
    std::span<const Point> items_;
};

// Every item points at those that follow it.
inline Adjacency ring(std::uint32_t count, std::uint32_t degree, std::uint32_t taken) {
    Adjacency graph(count, degree);
    std::vector<ItemId> next(taken);
    for (ItemId item = 0; item < count; ++item) {
        for (std::uint32_t i = 0; i < taken; ++i) next[i] = (item + i + 1) % count;
        graph.set(item, next);
    }
    return graph;
}

}  // namespace nearfile::graph::sample
