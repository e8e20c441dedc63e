// Occlusion pruning equals its definition.
#include "graph/prune.hpp"

#include <array>
#include <vector>

#include "graph/sample.hpp"

using namespace nearfile;
using namespace nearfile::graph;
using namespace nearfile::graph::sample;

TEST(prune_keeps_what_the_definition_keeps) {
    for (const std::uint32_t range : {2u, 30u, 1000u}) {  // few places: many duplicates and ties
        const Points points(200, 3, range, range);
        for (const std::vector<float>& alphas :
             {std::vector{1.0f}, {1.1f}, {1.5f}, {1.0f, 1.2f}, {1.05f, 1.1f, 1.15f}, {1.0f, 1.5f, 3.0f}}) {
            Pruner pruner(points, alphas);
            for (ItemId item = 0; item < 200; item += 7) {
                std::vector<Candidate> candidates;
                for (ItemId other = 0; other < 200; ++other) {
                    if (other != item) candidates.push_back(candidate_of(points, item, other));
                }
                std::sort(candidates.begin(), candidates.end());
                for (const std::size_t most : {1u, 4u, 16u, 200u}) {
                    const auto some = std::span(candidates).first(most == 4 ? 20 : candidates.size());
                    CHECK(vector_of(pruner.keep(some, most)) == naive_keep(points, some, most, alphas));
                }
            }
        }
    }
}

TEST(prune_of_no_candidates_and_of_no_room_keeps_none) {
    const Points points(10, 2, 100, 1);
    Pruner pruner(points, std::array{1.1f});
    CHECK(pruner.keep({}, 5).empty());
    const std::vector<Candidate> one = {candidate_of(points, 0, 1)};
    CHECK(pruner.keep(one, 0).empty());
    CHECK(vector_of(pruner.keep(one, 5)) == std::vector<ItemId>{1});
}

// On a line, from the item at 0: the one at 1 occludes that at 2 by a factor of 2, and that at 30 by 30 / 29.
TEST(prune_gives_what_is_far_a_place_before_what_is_near_but_occluded) {
    const Points points(1, {0, 1, 2, 30});
    std::vector<Candidate> candidates;
    for (const ItemId other : {1u, 2u, 3u}) candidates.push_back(candidate_of(points, 0, other));
    Pruner lax(points, std::array{2.2f});
    CHECK(vector_of(lax.keep(candidates, 2)) == (std::vector<ItemId>{1, 2}));
    Pruner staged(points, std::array{1.05f, 2.2f});
    CHECK(vector_of(staged.keep(candidates, 2)) == (std::vector<ItemId>{1, 3}));
    CHECK(vector_of(staged.keep(candidates, 3)) == (std::vector<ItemId>{1, 3, 2}));
}
