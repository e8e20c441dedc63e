// Sorted rows: what is written is read, in as few bytes as they say, and whatever stands in a row gives numbers.
#include "graph/sorted_row.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "base/random.hpp"
#include "check.hpp"

using namespace nearfile;
using namespace nearfile::graph;

namespace {

constexpr std::size_t loaded_behind = 8;
constexpr std::uint32_t most = std::numeric_limits<std::int32_t>::max();

std::vector<ItemId> read(const SortedRowLayout& layout, const std::vector<std::byte>& row) {
    std::vector<ItemId> ids(layout.degree);
    ids.resize(layout.read(row.data(), ids.data()));
    return ids;
}

}  // namespace

TEST(sorted_row_reads_what_was_written) {
    base::Random random(1);
    for (const std::uint32_t count : {1u, 2u, 31u, 33u, 100u, 65535u, 110000u, 1000000u, most}) {
        for (const std::uint32_t degree : {1u, 3u, 16u, 24u, 32u, 64u, 1024u}) {
            const SortedRowLayout layout(count, degree);
            for (std::uint32_t n : {0u, 1u, degree / 2, degree}) {
                n = std::min(n, count);
                std::vector<ItemId> ids;
                while (ids.size() < n) ids.push_back(random.below(count));
                if (n > 0) ids.front() = 0, ids.back() = count - 1;
                std::ranges::sort(ids);
                // What lies behind the row does not matter.
                std::vector<std::byte> row(layout.stride + loaded_behind, std::byte{0xff});
                std::fill_n(row.begin(), layout.stride, std::byte{0});
                layout.write(ids, row.data());
                CHECK(read(layout, row) == ids);
                CHECK(layout.n_set(row.data()) == ids.size());
                CHECK(row[layout.stride] == std::byte{0xff});
            }
        }
    }
}

TEST(sorted_row_is_short) {
    CHECK(SortedRowLayout(110000, 32).stride == 55);
    CHECK(SortedRowLayout(1000000, 32).stride == 68);
    for (const std::uint32_t count : {100u, 5000u, 110000u, 10000000u, most}) {
        const SortedRowLayout layout(count, 32);
        CHECK(layout.stride * 8 <= 32 * (layout.lower_bits + 3) + 16);
    }
}

TEST(sorted_row_of_anything_gives_numbers_and_no_more_than_places) {
    base::Random random(2);
    for (int i = 0; i < 2000; ++i) {
        const std::uint32_t count = 1 + random.below(i % 2 == 0 ? 5000 : most);
        const SortedRowLayout layout(count, 1 + random.below(64));
        std::vector<std::byte> row(layout.stride + loaded_behind);
        for (std::byte& each : row) each = i % 5 == 0 ? std::byte{0xff} : static_cast<std::byte>(random.below(256));
        const auto ids = read(layout, row);
        CHECK(ids.size() == std::min(layout.degree, layout.n_set(row.data())));
    }
}
