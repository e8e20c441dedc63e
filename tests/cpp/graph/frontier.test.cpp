// The frontier keeps the best in order, whatever the order they come in, and gives every one of them once.
#include "graph/frontier.hpp"

#include <cmath>
#include <limits>

#include "graph/sample.hpp"

using namespace nearfile;
using namespace nearfile::graph;

TEST(frontier_keeps_the_best_in_order_whatever_the_order_of_insertion) {
    base::Random random(1);
    Frontier frontier;  // one for all, as a search reuses it
    for (const std::size_t width : {1u, 2u, 3u, 7u, 64u, 1000u}) {
        for (const std::uint32_t n : {0u, 1u, 2u, 5u, 63u, 65u, 500u}) {
            frontier.reset(width);
            std::vector<float> distances;
            for (ItemId item = 0; item < n; ++item) {
                // Negative ones too, as inner products are; many of the same.
                distances.push_back(static_cast<float>(random.below(50)) - 25.0f);
                frontier.insert(distances.back(), item);
                const bool full = item + 1 >= width;
                CHECK(full == (frontier.threshold() < std::numeric_limits<float>::infinity()));
            }
            auto expected = distances;
            std::sort(expected.begin(), expected.end());
            CHECK(frontier.size() == std::min<std::size_t>(width, n));
            std::vector<ItemId> items;
            for (std::size_t i = 0; i < frontier.size(); ++i) {
                CHECK(frontier[i].distance == expected[i]);
                CHECK(distances[frontier[i].item] == frontier[i].distance);
                items.push_back(frontier[i].item);
            }
            items = sample::sorted(items);
            CHECK(std::adjacent_find(items.begin(), items.end()) == items.end());
        }
    }
}

TEST(frontier_next_is_the_nearest_that_was_not_given_however_insertions_fall_between) {
    base::Random random(2);
    for (const std::size_t width : {1u, 4u, 30u}) {
        Frontier frontier;
        frontier.reset(width);
        struct Entry {
            float distance;
            ItemId item;
            bool given;
        };
        std::vector<Entry> reference;  // the sorted one
        ItemId item = 0;
        for (int step = 0; step < 3000; ++step) {
            if (random.below(3) != 0) {
                const auto distance = static_cast<float>(random.below(1u << 24));
                frontier.insert(distance, item);
                const auto at = std::upper_bound(reference.begin(), reference.end(), distance,
                                                 [](float value, const Entry& each) { return value < each.distance; });
                if (reference.size() < width || at != reference.end()) reference.insert(at, {distance, item, false});
                if (reference.size() > width) reference.pop_back();
                ++item;
                continue;
            }
            const auto next = std::find_if(reference.begin(), reference.end(), [](auto& each) { return !each.given; });
            CHECK(frontier.has_next() == (next != reference.end()));
            if (next == reference.end()) continue;
            CHECK(frontier.n_nearer() == static_cast<std::size_t>(next - reference.begin()));
            const Step given = frontier.next();
            CHECK(given.item == next->item && given.distance == next->distance);
            next->given = true;
        }
    }
}

TEST(frontier_takes_many_at_once_as_one_after_the_other) {
    base::Random random(3);
    for (const std::size_t width : {1u, 3u, 20u, 100u}) {
        for (const std::size_t spare : {0u, 4u, 40u}) {
            Frontier together;
            Frontier apart;
            together.reset(width, width + spare);
            apart.reset(width, width + spare);
            ItemId item = 0;
            for (int step = 0; step < 300; ++step) {
                std::vector<float> distances;
                std::vector<ItemId> items;
                for (std::size_t n = random.below(40); n > 0; --n) {
                    distances.push_back(static_cast<float>(random.below(1000)));  // some of the same
                    items.push_back(item++);
                    apart.insert(distances.back(), items.back());
                }
                together.insert_all(distances.data(), items.data(), items.size());
                CHECK(together.size() == apart.size() && together.threshold() == apart.threshold());
                for (std::size_t i = 0; i < apart.size(); ++i) {
                    CHECK(together[i].item == apart[i].item && together[i].distance == apart[i].distance);
                }
                CHECK(together.has_next() == apart.has_next());
                if (apart.has_next() && random.below(2) == 0) CHECK(together.next().item == apart.next().item);
            }
        }
    }
}

TEST(frontier_takes_nothing_that_is_no_number_or_infinite) {
    Frontier frontier;
    frontier.reset(4);
    frontier.insert(std::numeric_limits<float>::quiet_NaN(), 1);
    frontier.insert(std::numeric_limits<float>::infinity(), 2);
    CHECK(frontier.size() == 0 && !frontier.has_next());
    frontier.insert(-std::numeric_limits<float>::infinity(), 3);
    frontier.insert(0.0f, 4);
    CHECK(frontier.size() == 2 && frontier.next().item == 3 && frontier.next().item == 4);
}
