#include <algorithm>
#include <cstdlib>
#include <vector>

#include "forest/grow.hpp"
#include "forest/parts.hpp"
#include "forest/recursion.hpp"

namespace nearfile::forest {
namespace {

constexpr std::uint32_t bits_tried = 20;  // as Annoy
constexpr std::uint32_t max_samples = 256;

// A split by one bit of the data: of twenty random ones the first that divides a sample well, else the one that divides
// it best. The first good one rather than the best of all keeps the trees unlike each other.
class BitDivider {
public:
    using SplitType = BitSplit;

    explicit BitDivider(const BitPoints& points) : points_(points) {}

    std::uint32_t divide(std::span<ItemId> items, base::Random& random, BitSplit& split, Tree<BitSplit>&) {
        const auto count = static_cast<std::uint32_t>(items.size());
        split.bit = choose(items, random);
        if (split.bit == no_bit) {  // nothing divides them: all are alike
            return count / 2;
        }
        return stable_divide(items, above_, [&](std::uint32_t i) { return has(items[i], split.bit); });
    }

private:
    bool has(ItemId item, std::uint32_t bit) const noexcept {
        return (points_.words[item * points_.words_per_row + bit / 64] >> (bit % 64) & 1) != 0;
    }

    // How many of the sample have the bit.
    std::uint32_t count_with(std::span<const ItemId> items, std::uint32_t bit, std::uint32_t step) const noexcept {
        std::uint32_t with = 0;
        for (std::size_t i = 0; i < items.size(); i += step) with += has(items[i], bit) ? 1 : 0;
        return with;
    }

    // A share of at least 1/16 on the smaller side of all items bounds the depth; looking at all bits is the last
    // resort.
    bool divides(std::span<const ItemId> items, std::uint32_t bit) const noexcept {
        const auto count = static_cast<std::uint32_t>(items.size());
        const std::uint32_t with = count_with(items, bit, 1);
        return std::min(with, count - with) >= std::max(1u, count / 16);
    }

    std::uint32_t choose(std::span<const ItemId> items, base::Random& random) const noexcept {
        const auto count = static_cast<std::uint32_t>(items.size());
        const std::uint32_t step = std::max(1u, count / max_samples);
        const std::uint32_t sampled = (count + step - 1) / step;
        std::uint32_t best = no_bit;
        std::uint32_t best_smaller_side = 0;
        for (std::uint32_t t = 0; t < bits_tried; ++t) {
            const std::uint32_t bit = random.below(static_cast<std::uint32_t>(points_.dim));
            const std::uint32_t with = count_with(items, bit, step);
            const std::uint32_t smaller_side = std::min(with, sampled - with);
            if (smaller_side > best_smaller_side) {
                best = bit;
                best_smaller_side = smaller_side;
            }
            if (smaller_side * 10 >= sampled * 3) break;
        }
        if (best != no_bit && divides(items, best)) return best;
        return most_even(items);
    }

    std::uint32_t most_even(std::span<const ItemId> items) const noexcept {
        const auto count = static_cast<std::uint32_t>(items.size());
        std::uint32_t best = no_bit;
        std::uint32_t best_smaller_side = std::max(1u, count / 16) - 1;
        for (std::uint32_t bit = 0; bit < points_.dim; ++bit) {
            const std::uint32_t with = count_with(items, bit, 1);
            const std::uint32_t smaller_side = std::min(with, count - with);
            if (smaller_side > best_smaller_side) {
                best = bit;
                best_smaller_side = smaller_side;
            }
        }
        return best;
    }

    const BitPoints& points_;
    std::vector<ItemId> above_;
};

}  // namespace

Tree<BitSplit> grow(const BitPoints& points, const GrowOptions& options, const std::atomic<bool>& stop) {
    const auto make = [&] { return BitDivider(points); };
    return Parts(make, options, stop).run(points.count);
}

}  // namespace nearfile::forest
