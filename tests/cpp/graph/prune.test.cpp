// Occlusion pruning equals its definition.
#include "graph/prune.hpp"

#include "graph/sample.hpp"

using namespace nearfile;
using namespace nearfile::graph;
using namespace nearfile::graph::sample;

TEST(prune_keeps_what_the_definition_keeps) {
    for (const std::uint32_t range : {2u, 30u, 1000u}) {  // few places: many duplicates and ties
        const Points points(200, 3, range, range);
        for (const float alpha : {1.0f, 1.1f, 1.5f}) {
            Pruner pruner(points, alpha);
            for (ItemId item = 0; item < 200; item += 7) {
                std::vector<Candidate> candidates;
                for (ItemId other = 0; other < 200; ++other) {
                    if (other != item) candidates.push_back(candidate_of(points, item, other));
                }
                std::sort(candidates.begin(), candidates.end());
                for (const std::size_t most : {1u, 4u, 16u, 200u}) {
                    const auto some = std::span(candidates).first(most == 4 ? 20 : candidates.size());
                    CHECK(vector_of(pruner.keep(some, most)) == naive_keep(points, some, most, alpha));
                }
            }
        }
    }
}

TEST(prune_of_no_candidates_and_of_no_room_keeps_none) {
    const Points points(10, 2, 100, 1);
    Pruner pruner(points, 1.1f);
    CHECK(pruner.keep({}, 5).empty());
    const std::vector<Candidate> one = {candidate_of(points, 0, 1)};
    CHECK(pruner.keep(one, 0).empty());
    CHECK(vector_of(pruner.keep(one, 5)) == std::vector<ItemId>{1});
}
