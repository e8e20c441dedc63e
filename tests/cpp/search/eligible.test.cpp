// Which items may be answers: bits, their sums, and what a query excludes, against what a list of booleans says.
#include "search/eligible.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/random.hpp"
#include "check.hpp"
#include "search/admission.hpp"

using namespace nearfile;
using namespace nearfile::search;

namespace {

// About the borders of words and of sums.
constexpr std::uint32_t sizes[] = {0, 1, 63, 64, 65, 127, 128, 511, 512, 513, 1023, 1024, 1025, 5000};

// Item i is allowed where bools[i] is, one in `one_in` at random.
struct Sample {
    std::uint32_t n;
    std::vector<bool> bools;
    Eligible eligible;

    Sample(std::uint32_t size, std::uint32_t one_in, std::uint64_t seed)
        : n(size), bools(size), eligible(words(one_in, seed), size) {}

    std::vector<ItemId> items() const {
        std::vector<ItemId> all;
        for (ItemId item = 0; item < n; ++item) {
            if (bools[item]) all.push_back(item);
        }
        return all;
    }

private:
    std::vector<std::uint64_t> words(std::uint32_t one_in, std::uint64_t seed) {
        base::Random random(seed);
        std::vector<std::uint64_t> made((n + 63) / 64);
        for (std::uint32_t item = 0; item < n; ++item) {
            bools[item] = one_in != 0 && random.below(one_in) == 0;
            if (bools[item]) made[item / 64] |= std::uint64_t{1} << (item % 64);
        }
        return made;
    }
};

template <class Check>
void for_each_sample(const Check& check) {
    for (const std::uint32_t n : sizes) {
        for (const std::uint32_t one_in : {0u, 1u, 2u, 70u}) check(Sample(n, one_in, n + one_in));
    }
}

std::vector<ItemId> all_of(const Admission& admission) {
    std::vector<ItemId> all;
    admission.for_each([&](std::span<const ItemId> some) {
        CHECK(some.size() <= Admission::at_once);
        all.insert(all.end(), some.begin(), some.end());
    });
    return all;
}

}  // namespace

TEST(eligible_ranks_and_counts) {
    for_each_sample([](const Sample& sample) {
        CHECK(sample.eligible.n_items() == sample.n);
        CHECK(sample.eligible.count() == sample.items().size());
        std::uint32_t before = 0;
        std::vector<std::uint32_t> ranks;
        for (ItemId item = 0; item < sample.n; ++item) {
            ranks.push_back(before);
            CHECK(sample.eligible.has(item) == sample.bools[item]);
            CHECK(sample.eligible.rank(item) == before);
            before += sample.bools[item] ? 1 : 0;
        }
        ranks.push_back(before);
        for (const std::uint32_t beyond : {sample.n, sample.n + 1, 0xffffffffu}) {
            CHECK(sample.eligible.rank(beyond) == before);
            CHECK(sample.eligible.count_in(0, beyond) == before);
            CHECK(sample.eligible.count_in(beyond, beyond) == 0);
            CHECK(sample.eligible.count_in(beyond, 0) == 0);
        }
        for (std::uint32_t first = 0; first <= sample.n; first += 37) {
            for (std::uint32_t end = first; end <= sample.n; end += 41) {
                CHECK(sample.eligible.count_in(first, end) == ranks[end] - ranks[first]);
            }
        }
    });
}

TEST(eligible_items_from_a_rank) {
    for_each_sample([](const Sample& sample) {
        const std::vector<ItemId> items = sample.items();
        for (const std::size_t room : {std::size_t{0}, std::size_t{1}, std::size_t{64}, std::size_t{300}}) {
            for (std::uint32_t rank = 0; rank <= items.size() + 2; rank += 1 + sample.n / 60) {
                std::vector<ItemId> out(room + 1, 7777777);
                const std::size_t n = sample.eligible.items_from(rank, std::span(out).first(room));
                const std::size_t left = items.size() - std::min<std::size_t>(rank, items.size());
                CHECK(n == std::min(room, left));
                CHECK(std::equal(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n),
                                 items.begin() + static_cast<std::ptrdiff_t>(n == 0 ? 0 : rank)));
                CHECK(out.back() == 7777777);  // nothing is written beyond
            }
        }
    });
}

TEST(admission_is_what_is_allowed_less_what_is_excluded) {
    ExcludedItems memory;
    for_each_sample([&](const Sample& sample) {
        base::Random random(sample.n);
        std::vector<ItemId> excluded;
        for (std::uint32_t i = 0; sample.n > 0 && i < sample.n / 5 + 2; ++i) {
            excluded.push_back(static_cast<ItemId>(random.below(sample.n)));
            if (i % 3 == 0) excluded.push_back(excluded[i / 2]);  // once more
        }
        for (const bool filtered : {true, false}) {
            for (const bool excludes : {true, false}) {
                const std::span<const ItemId> without =
                    excludes ? std::span<const ItemId>(excluded) : std::span<const ItemId>();
                const Admission admission(filtered ? &sample.eligible : nullptr, without, sample.n, memory);
                std::vector<ItemId> expected;
                for (ItemId item = 0; item < sample.n; ++item) {
                    const bool out = std::ranges::find(without, item) != without.end();
                    CHECK(admission.excludes(item) == out);
                    const bool in = (!filtered || sample.bools[item]) && !out;
                    CHECK(admission.admits(item) == in);
                    if (in) expected.push_back(item);
                }
                CHECK(admission.count() == expected.size());
                CHECK(admission.n_items() == sample.n);
                CHECK(all_of(admission) == expected);
                CHECK(admission.words().size() == (filtered ? (sample.n + 63) / 64 : 0));
                const std::uint32_t half = sample.n / 2;
                CHECK(admission.count_in(0, half) == (filtered ? sample.eligible.rank(half) : half));
            }
        }
    });
    // The memory is clean for the next query, of an index of another size.
    const Admission after(nullptr, {}, 10, memory);
    CHECK(after.count() == 10);
    CHECK(all_of(after).size() == 10);
    CHECK(!memory.any());
}
