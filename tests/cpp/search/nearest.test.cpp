// The k nearest of what is measured: in order, ties by smaller id, whatever their number and the order they come in.
#include "search/nearest.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "base/random.hpp"
#include "check.hpp"

using namespace nearfile;

namespace {

constexpr std::uint32_t n_offered = 700;

// Of a forest, whose items are rows; ids descend as rows ascend.
struct Descending {
    Descending() : numbers(n_offered) {
        for (std::uint32_t row = 0; row < n_offered; ++row) numbers[row] = n_offered - row;
        state.description.metric = Metric::euclidean;
        state.description.count = n_offered;
        state.ids = {IdKind::int64, n_offered, numbers, {}, {}, {}};
    }
    std::vector<std::int64_t> numbers;
    Index::State state;
};

std::vector<Neighbor> nearest_of(const Index::State& state, const std::vector<Neighbor>& offered, std::size_t k) {
    std::vector<Neighbor> room(k);
    search::Nearest nearest(state, room);
    for (const Neighbor& each : offered) nearest.offer(each);
    room.resize(nearest.finish());
    return room;
}

}  // namespace

TEST(nearest_are_in_order_and_ties_by_smaller_id_however_many_are_wanted) {
    const Descending given;
    base::Random random(1);
    for (const std::uint32_t n_distances : {1u, 20u, 1u << 24}) {
        std::vector<Neighbor> offered;
        for (std::uint32_t row = 0; row < n_offered; ++row) {
            // On either side of zero, which comes with either sign.
            const float distance = static_cast<float>(random.below(n_distances)) - static_cast<float>(n_distances / 2);
            offered.push_back({row, distance == 0 && row % 2 == 0 ? -0.0f : distance});
        }
        auto expected = offered;
        std::ranges::sort(expected, [&](const Neighbor& a, const Neighbor& b) {
            return a.distance < b.distance || (a.distance == b.distance && a.row > b.row);
        });
        for (const std::size_t k : {1u, 2u, 10u, 100u, 127u, 128u, 129u, 500u, 700u, 900u}) {
            const auto found = nearest_of(given.state, offered, k);
            CHECK(found.size() == std::min<std::size_t>(k, n_offered));
            for (std::size_t i = 0; i < found.size(); ++i) {
                CHECK(found[i].row == expected[i].row && found[i].distance == expected[i].distance);
            }
        }
    }
}

TEST(nearest_of_distances_that_are_no_numbers_are_some_of_the_offered) {
    const Descending given;
    base::Random random(2);
    std::vector<Neighbor> offered;
    for (std::uint32_t row = 0; row < n_offered; ++row) {
        const float sign = random.below(2) != 0 ? 1.0f : -1.0f;
        const bool number = random.below(3) != 0;
        offered.push_back({row, number ? static_cast<float>(random.below(1000))
                                       : std::copysign(std::numeric_limits<float>::quiet_NaN(), sign)});
    }
    for (const std::size_t k : {1u, 10u, 128u, 129u, 700u}) {
        std::vector<std::uint32_t> rows;
        for (const Neighbor& each : nearest_of(given.state, offered, k)) rows.push_back(each.row);
        CHECK(rows.size() == k);
        std::ranges::sort(rows);
        CHECK(std::ranges::adjacent_find(rows) == rows.end() && rows.back() < n_offered);
    }
}
