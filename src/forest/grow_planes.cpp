#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "forest/grow.hpp"
#include "forest/parts.hpp"
#include "forest/recursion.hpp"
#include "forest/two_means.hpp"

namespace nearfile::forest {
namespace {

// Neither side of a split gets less than this share: depth stays below log(n) / log(16 / 15).
constexpr float least_share = 1.0f / 16.0f;

// Items are measured in pieces, so that a row is still in the cache when its scale is read from it.
constexpr std::size_t at_once = 256;

class PlaneDivider {
public:
    using SplitType = Split;

    PlaneDivider(const kernels::Kernels& kernels, const Points& points)
        : kernels_(kernels), points_(points), two_means_(kernels, points) {
        plane_.code.resize((points.dim + 63) / 64 * 64);
    }

    std::uint32_t divide(std::span<ItemId> items, base::Random& random, Split& split, Tree<Split>& tree) {
        two_means_.choose(items, random, plane_);
        const auto count = static_cast<std::uint32_t>(items.size());
        const std::uint32_t below = set_margins(items);
        const std::uint32_t least = std::max(1u, static_cast<std::uint32_t>(static_cast<float>(count) * least_share));
        split.scale = plane_.scale;
        split.offset = plane_.offset;
        tree.planes.insert(tree.planes.end(), plane_.code.begin(),
                           plane_.code.begin() + static_cast<std::ptrdiff_t>(points_.dim));
        if (below >= least && below <= count - least) {
            return stable_divide(items, above_, [this](std::uint32_t i) { return margins_[i] > 0; });
        }
        return divide_at_rank(items, below < least ? least : count - least, split);
    }

private:
    // Returns how many are below.
    std::uint32_t set_margins(std::span<const ItemId> items) {
        if (margins_.size() < items.size()) margins_.resize(items.size());
        std::uint32_t below = 0;
        for (std::size_t start = 0; start < items.size(); start += at_once) {
            const auto some = items.subspan(start, std::min(at_once, items.size() - start));
            std::array<std::int32_t, at_once> products;
            kernels_.dot_i8(plane_.code.data(), points_.rows, points_.stride, some.data(), some.size(), points_.dim,
                            products.data());
            for (std::size_t i = 0; i < some.size(); ++i) {
                float margin = points_.scales[some[i]] * static_cast<float>(products[i]) * plane_.scale + plane_.offset;
                if (!points_.augmented_coordinates.empty())
                    margin += points_.augmented_coordinates[some[i]] * plane_.augmented_weight;
                margins_[start + i] = margin;
                below += margin > 0 ? 0 : 1;
            }
        }
        return below;
    }

    // A lopsided plane moves until `below` items are below it. Items in the plane itself (duplicates, say) are shared
    // out in order: the search looks at both sides of a plane it is near.
    std::uint32_t divide_at_rank(std::span<ItemId> items, std::uint32_t below, Split& split) {
        const auto count = static_cast<std::uint32_t>(items.size());
        order_.resize(count);
        std::iota(order_.begin(), order_.end(), 0u);
        const auto before = [this](std::uint32_t a, std::uint32_t b) {
            return margins_[a] < margins_[b] || (margins_[a] == margins_[b] && a < b);
        };
        // For a side without a direction to be on, halves.
        if (plane_.scale == 0) below = count / 2;
        std::nth_element(order_.begin(), order_.begin() + below, order_.end(), before);
        const std::uint32_t pivot = order_[below];
        // With an augmented coordinate the plane has to stay in the origin, and queries have no offset.
        if (points_.augmented_coordinates.empty()) split.offset -= margins_[pivot];
        return stable_divide(items, above_, [&](std::uint32_t i) { return !before(i, pivot); });
    }

    const kernels::Kernels& kernels_;
    const Points& points_;
    TwoMeans two_means_;
    Plane plane_;
    std::vector<float> margins_;
    std::vector<std::uint32_t> order_;
    std::vector<ItemId> above_;
};

}  // namespace

Tree<Split> grow(const kernels::Kernels& kernels, const Points& points, const GrowOptions& options,
                 const std::atomic<bool>& stop) {
    const auto make = [&] { return PlaneDivider(kernels, points); };
    return Parts(make, options, stop).run(points.count);
}

}  // namespace nearfile::forest
