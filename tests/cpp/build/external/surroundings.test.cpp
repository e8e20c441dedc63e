// A stretch has all of its neighbours around it, and no more items than there is room for.
#include "build/external/surroundings.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "check.hpp"

using namespace nearfile;
using namespace nearfile::build;
using namespace nearfile::build::external;

TEST(surroundings_hold_all_neighbours_of_their_stretch) {
    constexpr std::uint32_t count = 40'000;
    constexpr std::uint32_t degree = 6;
    graph::Adjacency graph(count, degree);
    base::Random random(5);
    for (std::uint32_t item = 0; item < count; ++item) {
        std::vector<graph::ItemId> neighbors;
        for (std::uint32_t i = 0; i < degree; ++i) neighbors.push_back((item + 1 + random.below(9000)) % count);
        std::ranges::sort(neighbors);
        neighbors.erase(std::ranges::unique(neighbors).begin(), neighbors.end());
        graph.set(item, neighbors);
    }
    constexpr std::uint32_t most = 12'000;
    Surroundings surroundings(graph, most);
    std::uint32_t n_stretches = 0;
    for (std::uint32_t begin = 100; begin < 20'000; ++n_stretches) {
        const std::uint32_t end = surroundings.take(begin, 20'000);
        CHECK(end > begin && end <= 20'000);
        const auto members = surroundings.members();
        CHECK(members.size() <= most && std::ranges::is_sorted(members));
        CHECK(std::ranges::adjacent_find(members) == members.end());
        CHECK(members[surroundings.first_own()] == begin);
        CHECK(members[surroundings.first_own() + end - begin - 1] == end - 1);
        const graph::Adjacency inside = surroundings.graph(1, {});
        for (std::uint32_t item = begin; item < end; ++item) {
            const std::uint32_t place = surroundings.first_own() + item - begin;
            std::vector<graph::ItemId> neighbors;
            for (const graph::ItemId each : inside.neighbors(place)) neighbors.push_back(members[each]);
            CHECK(std::ranges::equal(neighbors, graph.neighbors(item)));
        }
        begin = end;
    }
    CHECK(n_stretches > 3);
}
