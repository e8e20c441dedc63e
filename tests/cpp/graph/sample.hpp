// Points in a plane or more dimensions with exact distances, and random graphs, for the tests of this folder.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "check.hpp"
#include "graph/adjacency.hpp"
#include "graph/candidate.hpp"
#include "graph/distances.hpp"

namespace nearfile::graph::sample {

// Squared distances of points with whole coordinates: exact in single precision.
class Points final : public Distances {
public:
    Points(std::uint32_t count, std::uint32_t dim, std::uint32_t range, std::uint64_t seed) : dim_(dim) {
        base::Random random(seed);
        for (std::uint32_t i = 0; i < count * dim; ++i) values_.push_back(static_cast<float>(random.below(range)));
    }
    Points(std::uint32_t dim, std::vector<float> values) : dim_(dim), values_(std::move(values)) {}
    std::uint32_t count() const noexcept override { return static_cast<std::uint32_t>(values_.size() / dim_); }
    float between(ItemId a, ItemId b) const {
        float sum = 0;
        for (std::uint32_t d = 0; d < dim_; ++d) {
            const float difference = values_[a * dim_ + d] - values_[b * dim_ + d];
            sum += difference * difference;
        }
        return sum;
    }
    void from(ItemId item, std::span<const ItemId> to, float* out) const override {
        for (std::size_t i = 0; i < to.size(); ++i) out[i] = between(item, to[i]);
    }
    float scaled(float factor) const noexcept override { return factor * factor; }

private:
    std::uint32_t dim_;
    std::vector<float> values_;
};

inline Candidate candidate_of(const Distances& distances, ItemId item, ItemId other) {
    float far = 0;
    distances.from(item, {&other, 1}, &far);
    return candidate(far, other);
}

// From `least` to `most` distinct neighbours each.
inline Adjacency random_graph(std::uint32_t count, std::uint32_t degree, std::uint32_t least, std::uint32_t most,
                              base::Random& random) {
    Adjacency graph(count, degree);
    for (ItemId item = 0; item < count; ++item) {
        const std::uint32_t wanted = least + random.below(most - least + 1);
        std::vector<ItemId> neighbors;
        while (neighbors.size() < wanted) {
            const ItemId other = random.below(count);
            if (other != item && std::find(neighbors.begin(), neighbors.end(), other) == neighbors.end())
                neighbors.push_back(other);
        }
        graph.set(item, neighbors);
    }
    return graph;
}

inline std::vector<ItemId> vector_of(std::span<const ItemId> ids) {
    return {ids.begin(), ids.end()};
}

inline std::vector<ItemId> sorted(std::span<const ItemId> ids) {
    std::vector<ItemId> copy = vector_of(ids);
    std::sort(copy.begin(), copy.end());
    return copy;
}

inline bool same(const Adjacency& a, const Adjacency& b) {
    for (ItemId item = 0; item < a.count(); ++item) {
        if (vector_of(a.neighbors(item)) != vector_of(b.neighbors(item))) return false;
    }
    return a.count() == b.count();
}

// What an item may have for neighbours: distinct ones that exist, not itself.
inline bool sound(const Adjacency& graph) {
    for (ItemId item = 0; item < graph.count(); ++item) {
        const auto neighbors = sorted(graph.neighbors(item));
        if (std::adjacent_find(neighbors.begin(), neighbors.end()) != neighbors.end()) return false;
        for (const ItemId each : neighbors) {
            if (each >= graph.count() || each == item) return false;
        }
    }
    return true;
}

// Occlusion pruning as it is defined: one after another, against all nearer ones that were kept; and the same again for
// those left out, with the next alpha, while there is room.
inline std::vector<ItemId> naive_keep(const Points& points, std::span<const Candidate> candidates, std::size_t most,
                                      std::span<const float> alphas) {
    std::vector<ItemId> kept;
    std::vector<bool> is_kept(candidates.size());
    for (const float alpha : alphas) {
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            if (is_kept[i] || kept.size() >= most) continue;
            bool occluded = false;
            for (std::size_t j = 0; j < i; ++j) {
                const float between = points.between(item_of(candidates[j]), item_of(candidates[i]));
                occluded = occluded || (is_kept[j] && between * (alpha * alpha) < distance_of(candidates[i]));
            }
            if (occluded) continue;
            is_kept[i] = true;
            kept.push_back(item_of(candidates[i]));
        }
    }
    return kept;
}

}  // namespace nearfile::graph::sample
