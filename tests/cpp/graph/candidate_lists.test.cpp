// Candidates sort by distance, then by number; a list's best are the best of all that were offered; leaves offer the
// nearest.
#include "graph/candidate_lists.hpp"

#include "graph/leaves.hpp"
#include "graph/sample.hpp"

using namespace nearfile;
using namespace nearfile::graph;
using namespace nearfile::graph::sample;

namespace {

std::vector<Candidate> best_of(std::vector<Candidate> all, std::size_t most) {
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    all.resize(std::min(all.size(), most));
    return all;
}

}  // namespace

TEST(candidates_sort_by_distance_then_by_number) {
    const float distances[] = {0.0f, 1e-45f, 1e-38f, 0.5f, 1.0f, 1.0000001f, 3e38f};
    for (std::size_t i = 0; i < std::size(distances); ++i) {
        const Candidate each = candidate(distances[i], 5);
        CHECK(item_of(each) == 5 && distance_of(each) == distances[i]);
        CHECK(each < candidate(distances[i], 6));
        CHECK(each < no_candidate);
        if (i > 0) CHECK(candidate(distances[i - 1], 0x7fffffff) < each);
    }
}

TEST(candidate_lists_keep_the_best_of_all) {
    base::Random random(1);
    constexpr std::uint32_t count = 20;
    for (const std::uint32_t kept : {1u, 5u, 48u}) {
        for (const std::uint32_t added : {1u, 3u, 16u}) {
            CandidateLists lists(count, kept);
            std::vector<std::vector<Candidate>> all(count);
            for (int round = 0; round < 100; ++round) {
                for (ItemId item = 0; item < count; ++item) {
                    std::vector<Candidate> some(random.below(added + 1));
                    for (Candidate& each : some) {
                        each = candidate(static_cast<float>(random.below(40)), random.below(60));
                    }
                    all[item].insert(all[item].end(), some.begin(), some.end());
                    std::sort(some.begin(), some.end());
                    some.erase(std::unique(some.begin(), some.end()), some.end());
                    some.push_back(no_candidate);
                    lists.add(item, some);
                    // Its limit never keeps out one of the best.
                    const auto best = best_of(all[item], kept);
                    CHECK(best.size() < kept || lists.limit(item) >= best.back());
                }
            }
            for (ItemId item = 0; item < count; ++item) {
                const auto best = lists.best(item);
                CHECK(std::vector<Candidate>(best.begin(), best.end()) == best_of(all[item], kept));
            }
        }
    }
}

TEST(leaf_products_offer_every_item_its_nearest_of_the_leaf) {
    for (const std::uint32_t range : {3u, 1000u}) {
        const Points points(300, 4, range, 1);
        base::Random random(2);
        CandidateLists lists(300, 8);
        std::vector<std::vector<Candidate>> all(300);
        LeafProducts products(points, 8);
        for (int tree = 0; tree < 6; ++tree) {
            std::vector<ItemId> order(300);
            for (ItemId i = 0; i < 300; ++i) order[i] = i;
            for (ItemId i = 300; i-- > 1;) std::swap(order[i], order[random.below(i + 1)]);
            for (std::size_t start = 0; start < 300;) {
                const std::size_t size = std::min<std::size_t>(300 - start, 1 + random.below(40));
                const auto leaf = std::span<const ItemId>(order).subspan(start, size);
                products.offer(leaf, {}, lists);
                for (const ItemId item : leaf) {
                    for (const ItemId other : leaf) {
                        if (other != item) all[item].push_back(candidate_of(points, item, other));
                    }
                }
                start += size;
            }
        }
        // As many are offered as are kept, so the best of a leaf are among those offered.
        for (ItemId item = 0; item < 300; ++item) {
            const auto best = lists.best(item);
            CHECK(std::vector<Candidate>(best.begin(), best.end()) == best_of(all[item], 8));
        }
    }
}

TEST(leaf_products_offer_those_that_are_wanted_the_same_as_if_all_were) {
    for (const std::uint32_t range : {3u, 1000u}) {
        const Points points(90, 4, range, 1);
        std::vector<ItemId> leaf(90);
        for (ItemId i = 0; i < 90; ++i) leaf[i] = i * 7 % 90;
        std::vector<std::uint8_t> wanted(90);
        for (ItemId i = 0; i < 90; i += 4) wanted[i] = 1;
        CandidateLists of_all(90, 8);
        CandidateLists of_some(90, 8);
        LeafProducts products(points, 8);
        products.offer(leaf, {}, of_all);
        products.offer(leaf, wanted, of_some);
        for (ItemId item = 0; item < 90; ++item) {
            const auto expected = wanted[item] != 0 ? of_all.best(item) : std::span<const Candidate>();
            CHECK(std::ranges::equal(of_some.best(item), expected));
        }
    }
}
