// PackedRows: distinct candidates, as many as wanted, more of the same when more are wanted; damaged trees do no harm.
#include "forest/gather.hpp"

#include <chrono>
#include <limits>

#include "check.hpp"
#include "forest/sample.hpp"

using namespace nearfile::forest;
using namespace nearfile::forest::sample;

namespace {

constexpr std::uint32_t leaf_size = 16;
constexpr std::uint32_t n_trees = 4;

// A forest of planes and a query, to be damaged at will.
struct Planes {
    PointSet set;
    Forest<Split> forest;
    std::vector<std::int8_t> query;
    std::uint32_t largest_leaf = leaf_size;

    explicit Planes(PointSet set_)
        : set(std::move(set_)), forest(grow_forest(set, leaf_size, n_trees)), query(padded(set.row(0), set.dim)) {
        forest.planes.resize(forest.planes.size() + nearfile::kernels::code_overread);
    }
    std::vector<ItemId> gather(std::size_t wanted, GatherScratch& scratch, float scale = 1,
                               std::span<const std::uint64_t> allowed = {}) const {
        const auto planes = std::span(forest.planes).first(forest.planes.size() - nearfile::kernels::code_overread);
        const PlaneForest view{leaves_of(forest, largest_leaf, set.count), forest.splits, planes, set.dim};
        std::vector<ItemId> found = {77, 77};  // of the search before
        nearfile::forest::gather(chosen(), view, {query.data(), scale}, wanted, allowed, scratch, found);
        return found;
    }
};

struct Bits {
    BitSet set;
    Forest<BitSplit> forest;

    explicit Bits(BitSet set_) : set(std::move(set_)), forest(grow_forest(set, leaf_size, n_trees)) {}
    std::vector<ItemId> gather(std::size_t wanted, GatherScratch& scratch, float /*scale*/ = 1,
                               std::span<const std::uint64_t> allowed = {}) const {
        const BitForest view{leaves_of(forest, leaf_size, set.count), forest.splits, set.dim};
        std::vector<ItemId> found;
        nearfile::forest::gather(view, set.row(0), wanted, allowed, scratch, found);
        return found;
    }
};

bool clean(const GatherScratch& scratch) {
    return std::all_of(scratch.seen.begin(), scratch.seen.end(), [](std::uint64_t word) { return word == 0; });
}

bool distinct_and_in_range(std::vector<ItemId> found, std::uint32_t count) {
    std::sort(found.begin(), found.end());
    return std::adjacent_find(found.begin(), found.end()) == found.end() && (found.empty() || found.back() < count);
}

template <class Forest>
void check_gathers(const Forest& forest, const std::string& what) {
    GatherScratch scratch;
    std::vector<ItemId> before;
    const std::uint32_t count = forest.set.count;
    for (const std::size_t wanted : {0, 1, 2, 10, 50, 100, 300, 999, 1000, 1000000}) {
        const auto found = forest.gather(wanted, scratch);
        const auto hold = [&](bool condition, const char* rule) {
            if (!condition)
                nearfile::test::fail(__FILE__, __LINE__, what + ", " + std::to_string(wanted) + ": " + rule);
        };
        hold(distinct_and_in_range(found, count), "ids are distinct and of the index");
        hold(found.size() >= std::min<std::size_t>(wanted, count), "as many as wanted, or all");
        hold(found.size() <= wanted + leaf_size, "not more than a leaf above");
        hold(found.size() >= before.size() && std::equal(before.begin(), before.end(), found.begin()),
             "more start with the same");
        hold(clean(scratch), "scratch is clean afterwards");
        GatherScratch fresh;
        hold(forest.gather(wanted, fresh) == found, "scratch that was used gives the same as fresh");
        before = found;
    }
}

// What is found among so many is what would be found among all, less what is not allowed.
template <class Forest>
void check_gathers_allowed(const Forest& forest) {
    GatherScratch scratch;
    const std::uint32_t count = forest.set.count;
    for (const std::uint32_t one_in : {1u, 3u, 100u, 1000000u}) {
        std::vector<std::uint64_t> allowed((count + 63) / 64);
        for (ItemId item = 5; item < count; item += one_in) allowed[item / 64] |= std::uint64_t{1} << (item % 64);
        std::vector<ItemId> all = forest.gather(1000000, scratch);
        std::erase_if(all, [&](ItemId item) { return (allowed[item / 64] >> (item % 64) & 1) == 0; });
        for (const std::size_t wanted : {0, 1, 10, 200, 1000000}) {
            const auto found = forest.gather(wanted, scratch, 1, allowed);
            CHECK(found.size() >= std::min(wanted, all.size()));
            CHECK(found.size() <= wanted + leaf_size);
            CHECK(found.size() <= all.size() && std::equal(found.begin(), found.end(), all.begin()));
            CHECK(clean(scratch));
        }
        const std::vector<std::uint64_t> none(allowed.size());
        CHECK(forest.gather(100, scratch, 1, none).empty());
    }
}

// Whatever is found is distinct and in range, and it ends.
void check_survives(const Planes& planes) {
    GatherScratch scratch;
    for (const std::size_t wanted : {1, 100, 100000}) {
        CHECK(distinct_and_in_range(planes.gather(wanted, scratch), planes.set.count));
        const std::vector<std::uint64_t> odd((planes.set.count + 63) / 64, 0xaaaaaaaaaaaaaaaa);
        for (const ItemId item : planes.gather(wanted, scratch, 1, odd)) {
            CHECK(item < planes.set.count && item % 2 == 1);
        }
        CHECK(clean(scratch));
    }
}

Planes planes() {
    return Planes(random_points(12, 1000, 1));
}

}  // namespace

TEST(gather_from_planes) {
    check_gathers(planes(), "planes");
    check_gathers(Planes(random_points(1, 1000, 2)), "one dimension");
    check_gathers(Planes(random_points(130, 500, 3)), "130 dimensions");
    check_gathers(Planes(random_points(12, 10, 4)), "one leaf");
    check_gathers(Planes(PointSet(12, 1000)), "all zeros");
    const auto inner_products = Planes(random_points_of_one_length(12, 1000, 5));
    check_gathers(inner_products, "inner products");
}

TEST(gather_from_bits) {
    check_gathers(Bits(random_bits(100, 1000, 1)), "bits");
    check_gathers(Bits(random_bits(3, 1000, 1)), "three bits");
    check_gathers(Bits(BitSet(64, 1000)), "all alike");
}

TEST(gather_finds_what_is_allowed_alone) {
    check_gathers_allowed(planes());
    check_gathers_allowed(Planes(random_points(12, 10, 4)));
    check_gathers_allowed(Bits(random_bits(100, 1000, 1)));
}

TEST(gather_finds_the_query_itself_first) {
    const auto forest = Planes(random_points(50, 1000, 9));
    GatherScratch scratch;
    const auto found = forest.gather(100, scratch, forest.set.scales[0]);
    CHECK(std::find(found.begin(), found.end(), 0u) != found.end());
}

TEST(gather_finds_the_nearest_first) {
    auto forest = Planes(random_points(6, 4000, 9));
    GatherScratch scratch;
    std::size_t n_found = 0;
    for (std::uint32_t asked = 0; asked < 20; ++asked) {
        forest.query = padded(forest.set.row(asked), 6);
        std::vector<std::pair<double, ItemId>> ranked;
        for (ItemId item = 0; item < 4000; ++item) {
            double squares = 0;
            for (std::size_t d = 0; d < 6; ++d) {
                const auto value = [&](ItemId of) { return double{forest.set.scales[of]} * forest.set.row(of)[d]; };
                squares += (value(item) - value(asked)) * (value(item) - value(asked));
            }
            ranked.emplace_back(squares, item);
        }
        std::partial_sort(ranked.begin(), ranked.begin() + 10, ranked.end());
        const auto found = forest.gather(200, scratch, forest.set.scales[asked]);  // one in twenty
        for (int i = 0; i < 10; ++i) n_found += std::count(found.begin(), found.end(), ranked[i].second);
    }
    CHECK(n_found > 180);
}

TEST(gather_scratch_serves_forests_of_different_sizes) {
    GatherScratch scratch;
    for (const std::uint32_t count : {1000u, 10u, 2000u, 64u}) {
        const auto forest = Planes(random_points(12, count, count));
        CHECK(forest.gather(1000000, scratch).size() == count);
        CHECK(clean(scratch));
    }
}

TEST(gather_survives_references_to_nowhere) {
    for (const NodeRef bad : {0x7fffffffu, 0xffffffffu, 0x80000000u + 100000, 100000u}) {
        for (const std::size_t node : {0, 1, 7}) {
            auto forest = planes();
            forest.forest.splits[node].below = bad;
            check_survives(forest);
            forest.forest.splits[node].above = bad;
            check_survives(forest);
            forest.forest.roots[0] = bad;
            check_survives(forest);
            for (auto& split : forest.forest.splits) split.above = bad;
            check_survives(forest);
            for (auto& root : forest.forest.roots) root = bad;
            check_survives(forest);
        }
    }
}

TEST(gather_survives_circles) {
    auto forest = planes();
    forest.forest.splits[0].below = forest.forest.splits[0].above = 0;
    check_survives(forest);
    forest = planes();
    forest.forest.splits[0].below = forest.forest.splits[0].above = 1;
    forest.forest.splits[1].below = forest.forest.splits[1].above = 0;
    check_survives(forest);
    forest = planes();
    for (auto& split : forest.forest.splits) split.below = split.above = forest.forest.roots[0];
    check_survives(forest);
    Bits bits(random_bits(100, 1000, 1));
    for (auto& split : bits.forest.splits) split.below = split.above = 0;
    GatherScratch scratch;
    CHECK(distinct_and_in_range(bits.gather(100, scratch), 1000));
}

TEST(gather_survives_damaged_leaves) {
    auto forest = planes();
    std::reverse(forest.forest.starts.begin(), forest.forest.starts.end());
    check_survives(forest);
    forest = planes();
    for (auto& start : forest.forest.starts) start = ~std::uint64_t{0};
    check_survives(forest);
    forest.forest.starts.clear();
    check_survives(forest);
    forest = planes();
    for (std::size_t i = 0; i < forest.forest.items.size(); i += 3)
        forest.forest.items[i] = 1000 + static_cast<ItemId>(i);
    check_survives(forest);
    for (auto& item : forest.forest.items) item = 0xffffffffu;
    check_survives(forest);
    forest = planes();
    for (auto& item : forest.forest.items) item = 5;
    check_survives(forest);
}

TEST(gather_survives_numbers_that_are_none) {
    const float infinity = std::numeric_limits<float>::infinity();
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity, 3e38f}) {
        auto forest = planes();
        for (auto& split : forest.forest.splits) split.scale = bad;
        check_survives(forest);
        forest = planes();
        for (std::size_t i = 0; i < forest.forest.splits.size(); i += 2) forest.forest.splits[i].offset = bad;
        check_survives(forest);
    }
    Bits bits(random_bits(100, 1000, 1));
    for (std::size_t i = 0; i < bits.forest.splits.size(); ++i) {
        bits.forest.splits[i].bit = 100 + static_cast<std::uint32_t>(i) * 1000000;
    }
    GatherScratch scratch;
    CHECK(bits.gather(100000, scratch).size() == 1000);
}

// A file may say that leaves are large and that all of them are the same one.
TEST(gather_takes_no_longer_when_every_leaf_has_every_item) {
    auto forest = Planes(random_points(4, 100000, 1));
    forest.largest_leaf = 0x7fffffff;
    for (auto& item : forest.forest.items) item = 5;
    for (std::size_t i = 0; i < forest.forest.starts.size(); ++i) {
        forest.forest.starts[i] = i % 2 == 0 ? 0 : forest.forest.items.size();
    }
    const auto before = std::chrono::steady_clock::now();
    check_survives(forest);
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(2));
}
