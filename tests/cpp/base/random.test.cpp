// The random numbers are part of the file format: the same on every machine and in every version.
#include "base/random.hpp"

#include <set>
#include <vector>

#include "check.hpp"

using nearfile::base::derive_seed;
using nearfile::base::Random;

TEST(random_numbers_are_those_of_splitmix64) {
    Random random(1234567);  // the test vector of the reference implementation
    for (const std::uint64_t expected : {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                         4593380528125082431u, 16408922859458223821u}) {
        CHECK(random.next() == expected);
    }
}

TEST(random_below_stays_below_and_reaches_everything) {
    Random random(1);
    for (const std::uint32_t bound : {1u, 2u, 3u, 10u, 100u}) {
        std::vector<int> times(bound);
        for (int i = 0; i < 10000; ++i) {
            const std::uint32_t value = random.below(bound);
            CHECK(value < bound);
            if (value < bound) ++times[value];
        }
        for (const int each : times) CHECK(each > 5000 / static_cast<int>(bound));
    }
    for (int i = 0; i < 1000; ++i) CHECK(random.below(0xffffffffu) < 0xffffffffu);
}

TEST(random_derived_seeds_differ) {
    std::set<std::uint64_t> seeds;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        for (std::uint64_t part = 0; part < 100; ++part) seeds.insert(derive_seed(seed, part));
    }
    CHECK(seeds.size() == 10000);
    CHECK(derive_seed(7, 3) == derive_seed(7, 3));
}
