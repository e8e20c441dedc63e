// One tree, straight down: the leaf on the query's side of every split; damaged trees lead nowhere, or to items that
// are.
#include "forest/descend.hpp"

#include <limits>

#include "check.hpp"
#include "forest/sample.hpp"

using namespace nearfile;
using namespace nearfile::forest;
using namespace nearfile::forest::sample;

namespace {

constexpr std::uint32_t leaf_size = 16;
constexpr std::uint32_t count = 500;
constexpr std::size_t dim = 20;

struct Planes {
    PointSet set = random_points(dim, count, 1);
    Forest<Split> forest = grow_forest(set, leaf_size, 1);

    Planes() { forest.planes.resize(forest.planes.size() + kernels::code_overread); }
    Range down(std::uint32_t item) const {
        const auto query = padded(set.codes.data() + item * dim, dim);
        const auto planes = std::span(forest.planes).first(forest.splits.size() * dim);
        const Leaves leaves{forest.roots, forest.starts, {}, leaf_size, count};
        return descend(chosen(), PlaneForest{leaves, forest.splits, planes, dim}, {query.data(), set.scales[item]});
    }
    Range naive(std::uint32_t item) const {
        NodeRef ref = forest.roots[0];
        while (!is_leaf(ref)) {
            const Split& split = forest.splits[ref];
            std::int32_t product = 0;
            for (std::size_t i = 0; i < dim; ++i) {
                product += forest.planes[ref * dim + i] * set.codes[item * dim + i];
            }
            const float margin = split.scale * set.scales[item] * static_cast<float>(product) + split.offset;
            ref = margin > 0 ? split.above : split.below;
        }
        const std::size_t l = ref & ~leaf_bit;
        return {static_cast<ItemId>(forest.starts[l]), forest.starts[l + 1] - forest.starts[l]};
    }
};

struct Bits {
    BitSet set = random_bits(100, count, 2);
    Forest<BitSplit> forest = grow_forest(set, leaf_size, 1);

    Range down(std::uint32_t item) const {
        return descend(BitForest{{forest.roots, forest.starts, {}, leaf_size, count}, forest.splits, 100},
                       set.row(item));
    }
};

// Nothing, or items that exist.
bool harmless(const Range& range) {
    return range.size == 0 || (range.size <= leaf_size && range.first < count && range.first + range.size <= count);
}

}  // namespace

TEST(descend_ends_in_the_leaf_on_the_querys_side_of_every_split) {
    const Planes planes;
    std::size_t own = 0;
    for (std::uint32_t item = 0; item < count; ++item) {
        const Range range = planes.down(item);
        const Range expected = planes.naive(item);
        CHECK(range.first == expected.first && range.size == expected.size);
        for (std::size_t i = 0; i < range.size; ++i) own += planes.forest.items[range.first + i] == item ? 1 : 0;
    }
    CHECK(own > count * 3 / 4);  // but for those that a side needed to be large enough
}

TEST(descend_of_bits_ends_in_the_items_own_leaf) {
    const Bits bits;
    std::size_t own = 0;
    for (std::uint32_t item = 0; item < count; ++item) {
        const Range range = bits.down(item);
        CHECK(range.size > 0 && harmless(range));
        for (std::size_t i = 0; i < range.size; ++i) own += bits.forest.items[range.first + i] == item ? 1 : 0;
    }
    CHECK(own > count * 3 / 4);
}

TEST(descend_in_damaged_trees_gives_nothing_or_items_that_exist) {
    constexpr std::uint32_t bad[] = {0, 1, 5, 0x7fffffff, 0x80000000, 0x80000001, 0x80ffffff, 0xffffffff};
    for (const std::uint32_t value : bad) {
        Planes planes;
        Bits bits;
        planes.forest.roots[0] = value;
        bits.forest.roots[0] = value;
        CHECK(harmless(planes.down(3)) && harmless(bits.down(3)));
        Planes circles;
        Bits bit_circles;
        for (Split& split : circles.forest.splits) split.above = value;
        for (BitSplit& split : bit_circles.forest.splits) split.above = value, split.bit += value;
        for (std::uint32_t item = 0; item < count; item += 9) {
            CHECK(harmless(circles.down(item)) && harmless(bit_circles.down(item)));
        }
        Planes starts;
        Bits bit_starts;
        base::Random random(value);
        for (std::size_t l = 0; l < starts.forest.starts.size(); ++l) {
            if (random.below(2) == 0) starts.forest.starts[l] = (std::uint64_t{random.below(2)} << 40) + value;
        }
        for (std::uint64_t& start : bit_starts.forest.starts) start += value;
        for (std::uint32_t item = 0; item < count; item += 9) {
            CHECK(harmless(starts.down(item)) && harmless(bit_starts.down(item)));
        }
        starts.forest.starts.resize(value % 3);
        CHECK(harmless(starts.down(3)));
    }
    Planes without_numbers;
    for (Split& split : without_numbers.forest.splits) split.scale = std::numeric_limits<float>::quiet_NaN();
    CHECK(harmless(without_numbers.down(3)));
    Planes without_root;
    without_root.forest.roots.clear();
    CHECK(without_root.down(3).size == 0);
}
