// Trees: every item once, leaves small, depth bounded, whatever the data; the same seed gives the same tree.
#include "forest/grow.hpp"

#include "check.hpp"
#include "forest/sample.hpp"

using namespace nearfile::forest;
using namespace nearfile::forest::sample;
using nearfile::base::Random;

namespace {

PointSet all_alike(std::size_t dim, std::uint32_t count, int code) {
    PointSet set(dim, count);
    std::fill(set.codes.begin(), set.codes.end(), static_cast<std::int8_t>(code));
    return set;
}

// Each point far beyond all before it: a plane between two means parts off the last few only.
PointSet exponentially_spaced(std::uint32_t count, double base) {
    PointSet set(1, count);
    for (std::uint32_t i = 0; i < count; ++i) {
        set.codes[i] = 100;
        set.scales[i] = static_cast<float>(std::pow(base, static_cast<double>(i)));
    }
    return set;
}

// Lengths from the smallest to the largest float that a builder lets in.
PointSet of_all_magnitudes(std::size_t dim, std::uint32_t count, std::uint64_t seed) {
    PointSet set = random_points(dim, count, seed);
    Random random(seed);
    for (float& scale : set.scales) scale = std::ldexp(1.0f, static_cast<int>(random.below(170)) - 126);
    return set;
}

PointSet mostly_one_value(std::size_t dim, std::uint32_t count) {
    PointSet set = all_alike(dim, count, 5);
    for (std::uint32_t i = 0; i < count; i += 100) set.row(i)[0] = static_cast<std::int8_t>(i / 100);
    return set;
}

void check_grows(const PointSet& set, const std::string& what) {
    for (const std::uint32_t leaf_size : {1u, 2u, 32u, 1000u}) {
        check_tree(grow_tree(set, leaf_size, 42), set.count, leaf_size, what);
    }
}

// The share of items that are in the leaf that a query for them goes down to.
double share_at_home(const PointSet& set) {
    const auto tree = grow_tree(set, 32, 7);
    std::uint32_t at_home = 0;
    for (std::uint32_t item = 0; item < set.count; ++item) {
        NodeRef ref = tree.root;
        while (!is_leaf(ref)) {
            int product = 0;
            for (std::size_t d = 0; d < set.dim; ++d) {
                product += tree.planes[ref * set.dim + d] * set.codes[item * set.dim + d];
            }
            const float margin = tree.splits[ref].scale * set.scales[item] * static_cast<float>(product);
            ref = margin + tree.splits[ref].offset > 0 ? tree.splits[ref].above : tree.splits[ref].below;
        }
        const std::uint32_t leaf = ref & ~leaf_bit;
        const std::uint32_t end = leaf + 1 < tree.starts.size() ? tree.starts[leaf + 1] : set.count;
        const auto items = std::span(tree.items).subspan(tree.starts[leaf], end - tree.starts[leaf]);
        at_home += std::find(items.begin(), items.end(), item) != items.end() ? 1 : 0;
    }
    return static_cast<double>(at_home) / set.count;
}

}  // namespace

TEST(grow_random_points_of_any_dim_and_count) {
    for (const std::size_t dim : {1, 2, 3, 64, 65, 128, 784}) {
        for (const std::uint32_t count : {1u, 2u, 3u, 31u, 32u, 33u, 500u}) {
            check_grows(random_points(dim, count, dim + count), "random points");
            check_grows(random_points_of_one_length(dim, count, dim + count), "points of one length");
        }
    }
    check_grows(random_points(16, 20000, 3), "many points");
}

TEST(grow_points_that_no_plane_divides) {
    check_grows(all_alike(8, 5000, 9), "all duplicates");
    check_grows(all_alike(8, 5000, 0), "all zeros");
    check_grows(all_alike(1, 5000, 1), "all duplicates in one dimension");
    auto of_one_length = all_alike(8, 3000, 9);
    of_one_length.augmented_coordinates.assign(3000, 0.0f);
    check_grows(of_one_length, "duplicates of one length");
    check_grows(mostly_one_value(4, 5000), "nearly all duplicates");
    auto no_scale = all_alike(8, 1000, 9);
    no_scale.scales.assign(1000, 0.0f);
    check_grows(no_scale, "scales of zero");
}

TEST(grow_points_that_every_plane_divides_badly) {
    check_grows(exponentially_spaced(60, 2.0), "powers of two");
    check_grows(exponentially_spaced(2000, 1.02), "powers of 1.02");
    check_grows(random_points(1, 5000, 1), "one dimension");
    check_grows(of_all_magnitudes(5, 3000, 1), "all magnitudes");
}

TEST(grow_points_of_one_length_and_of_all_magnitudes) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        auto set = of_all_magnitudes(3, 400, seed);
        Random random(seed + 100);
        set.augmented_coordinates.resize(set.count);
        for (float& augmented : set.augmented_coordinates)
            augmented = std::ldexp(1.0f, static_cast<int>(random.below(60)) - 30);
        check_grows(set, "all magnitudes and augmented_coordinates");
    }
}

// The mean of x and -x is nothing, next to points that have hardly more than their augmented coordinate.
TEST(grow_two_opposite_points_among_tiny_ones) {
    PointSet set(1, 34);
    std::fill_n(set.codes.begin(), 34, std::int8_t{127});
    set.scales.assign(34, 1e-39f);
    set.augmented_coordinates.assign(34, 127.0f);
    set.scales[0] = set.scales[1] = 1;
    set.codes[1] = -127;
    set.augmented_coordinates[0] = set.augmented_coordinates[1] = 0;
    for (std::uint64_t seed = 0; seed < 3000; ++seed) {
        check_tree(grow_tree(set, 32, seed), 34, 32, "opposite points, seed " + std::to_string(seed));
    }
}

TEST(grow_bits_of_any_dim_and_count) {
    for (const std::size_t dim : {1, 2, 63, 64, 65, 300}) {
        for (const std::uint32_t count : {1u, 2u, 33u, 1000u}) {
            for (const std::uint32_t leaf_size : {1u, 32u}) {
                check_tree(grow_tree(random_bits(dim, count, dim), leaf_size, 42), count, leaf_size, "random bits");
            }
        }
    }
}

TEST(grow_bits_that_are_all_alike_or_nearly) {
    check_tree(grow_tree(BitSet(100, 3000), 16, 1), 3000, 16, "all zeros");
    BitSet rare(3000, 3000);
    for (std::uint32_t i = 0; i < 3000; ++i) rare.set(i, i);
    check_tree(grow_tree(rare, 16, 1), 3000, 16, "one bit each");
    BitSet staircase(500, 500);
    for (std::uint32_t i = 0; i < 500; ++i) {
        for (std::size_t bit = 0; bit < i; ++bit) staircase.set(i, bit);
    }
    check_tree(grow_tree(staircase, 16, 1), 500, 16, "a staircase");
}

TEST(grow_the_same_seed_gives_the_same_tree_and_another_another) {
    const auto points = random_points(20, 2000, 1);
    CHECK(same(grow_tree(points, 32, 7), grow_tree(points, 32, 7)));
    CHECK(!same(grow_tree(points, 32, 7), grow_tree(points, 32, 8)));
    const auto bits = random_bits(100, 2000, 1);
    CHECK(same(grow_tree(bits, 32, 7), grow_tree(bits, 32, 7)));
    CHECK(!same(grow_tree(bits, 32, 7), grow_tree(bits, 32, 8)));
}

TEST(grow_of_many_items_gives_the_same_tree_on_any_number_of_threads) {
    const std::atomic<bool> stop{false};
    const std::uint32_t count = 4 * grown_at_once + 1;
    const auto points = random_points(3, count, 1);
    const auto bits = random_bits(20, count, 1);
    const auto of_points = grow_tree(points, 300, 7);
    const auto of_bits = grow_tree(bits, 300, 7);
    check_tree(of_points, count, 300, "many points");
    check_tree(of_bits, count, 300, "many bits");
    CHECK(of_points.planes.size() == of_points.splits.size() * 3);
    for (const unsigned threads : {2u, 5u}) {
        CHECK(same(grow(chosen(), points.points(), {300, 7, threads}, stop), of_points));
        CHECK(same(grow(bits.points(), {300, 7, threads}, stop), of_bits));
    }
    CHECK(!same(grow_tree(points, 300, 8), of_points));
    check_tree(grow_tree(points, 2 * grown_at_once, 7), count, 2 * grown_at_once, "leaves of more than a part");
}

TEST(grow_gives_a_tree_of_planes_one_a_split) {
    const auto points = random_points(20, 2000, 1);
    const auto tree = grow_tree(points, 32, 7);
    CHECK(tree.planes.size() == tree.splits.size() * 20);
    for (const Split& split : tree.splits) CHECK(std::isfinite(split.scale) && std::isfinite(split.offset));
}

TEST(grow_puts_items_on_the_side_of_the_plane_that_a_query_for_them_goes_to) {
    CHECK(share_at_home(random_points(30, 3000, 5)) > 0.99);  // all but what lies in a plane
    CHECK(share_at_home(exponentially_spaced(2000, 1.02)) > 0.95);
    CHECK(share_at_home(random_points(8, 2 * grown_at_once, 5)) > 0.95);  // grown in parts
}

TEST(grow_stops_early_when_asked) {
    const std::atomic<bool> stop{true};
    const auto set = random_points(10, 10000, 1);
    CHECK(grow(chosen(), set.points(), {32, 1}, stop).splits.empty());
}
