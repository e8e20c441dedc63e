// Walks that go on to fewer vertices than are asked for.
#include "search/graph_walk.hpp"

#include "api/state_sample.hpp"
#include "check.hpp"
#include "search/search.hpp"

using namespace nearfile;
using namespace nearfile::sample;

namespace {

constexpr std::uint32_t n = 6000;
constexpr std::uint32_t dim = 24;
constexpr std::size_t k = 100;

}  // namespace

TEST(a_walk_that_led_to_too_few_is_followed_by_a_longer_one_and_not_by_a_look_at_every_item) {
    const auto state = open(make_index(Metric::euclidean, data_of(Values::floats, n, dim, 1), graph_options()));
    const Data queries = data_of(Values::floats, 60, dim, 2);
    search::BorrowedScratch scratch(*state);
    const graph::Frontier& frontier = (*scratch).walk.frontier;
    std::size_t too_few = 0;
    for (std::uint32_t q = 0; q < queries.count(); ++q) {
        (*scratch).scorer.set_query(queries.row(q));
        search::walk_from_leaf(*state, 1, k, *scratch, [&](auto& computer, const auto& entry_points, std::size_t kept) {
            graph::walk(computer, entry_points, {}, 1, kept, state->graph->degree, (*scratch).walk);
        });
        too_few += frontier.size() < k ? 1 : 0;
        std::vector<Neighbor> found(k);
        search::search(*state, queries.row(q), {.k = k, .effort = 1}, *scratch, found);
        CHECK(frontier.size() >= k);
        for (std::size_t i = 1; i < k; ++i) CHECK(found[i - 1].distance <= found[i].distance);
    }
    CHECK(too_few > 0);
}
