// The set of what was visited never forgets and never invents, and grows as it must.
#include "graph/visited.hpp"

#include <set>

#include "graph/sample.hpp"

using namespace nearfile;
using namespace nearfile::graph;

TEST(visited_never_forgets_and_never_invents) {
    base::Random random(1);
    Visited visited;
    // Far more than expected, so that it grows; then fewer again.
    for (const std::size_t n : {10u, 100u, 129u, 5000u, 70000u, 300u}) {
        for (const std::uint32_t range : {500u, 100000u, 0x7fffffffu}) {
            visited.reset(20);
            std::set<ItemId> reference;
            for (std::size_t i = 0; i < n; ++i) {
                const ItemId item = random.below(range);
                CHECK(visited.insert(item) == reference.insert(item).second);
            }
        }
    }
}

TEST(visited_of_items_in_a_row_and_of_far_strides) {
    Visited visited;
    for (const ItemId stride : {1u, 2u, 256u, 65536u, 1u << 20}) {
        visited.reset(100);
        for (ItemId i = 0; i < 2000; ++i) CHECK(visited.insert(i * stride));
        for (ItemId i = 0; i < 2000; ++i) CHECK(!visited.insert(i * stride));
    }
}

TEST(visited_is_empty_after_every_reset) {
    Visited visited;
    for (int round = 0; round < 2000; ++round) {
        visited.reset(round % 5 == 0 ? 1000 : 10);
        for (ItemId item = 0; item < 50; ++item) CHECK(visited.insert(item));
        CHECK(!visited.insert(7));
    }
}
