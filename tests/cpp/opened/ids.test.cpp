// Names of items, both ways: rows, 64-bit integers, strings.
#include <limits>
#include <set>

#include "api/sample.hpp"
#include "check.hpp"

using namespace nearfile;
using namespace nearfile::sample;

namespace {

using std::string_view_literals::operator""sv;

using Numbers = std::vector<std::int64_t>;
using Texts = std::vector<std::string_view>;

constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

template <class Id>
Index named(const std::vector<Id>& ids) {
    const auto n = static_cast<std::uint32_t>(ids.size());
    Builder builder(2, Metric::euclidean);
    builder.add(data_for(Metric::euclidean, n, 2, 1).values, ids);
    return builder.build(forest_options(1));
}

void check_both_ways(const Numbers& ids) {
    const Index index = named(ids);
    CHECK(index.id_kind() == IdKind::int64);
    for (std::uint32_t row = 0; row < ids.size(); ++row) {
        CHECK(index.int64_id(row) == ids[row]);
        CHECK(index.find(ids[row]) == row);
        CHECK(index.string_id(row).empty());
    }
    index.verify();
    CHECK(!index.find("5"sv).has_value());
}

void check_both_ways(const Texts& ids) {
    const Index index = named(ids);
    CHECK(index.id_kind() == IdKind::string);
    for (std::uint32_t row = 0; row < ids.size(); ++row) {
        CHECK(index.string_id(row) == ids[row]);
        CHECK(index.find(ids[row]) == row);
    }
    index.verify();
    CHECK(!index.find(std::int64_t{0}).has_value());
}

}  // namespace

TEST(ids_are_rows_where_none_are_given) {
    const Index index = make_index(Metric::dot, data_for(Metric::dot, 5, 2, 1));
    CHECK(index.id_kind() == IdKind::row);
    for (std::uint32_t row = 0; row < 5; ++row) {
        CHECK(index.find(std::int64_t{row}) == row && index.int64_id(row) == row);
    }
    for (const std::int64_t id : {std::int64_t{-1}, std::int64_t{5}, std::int64_t{1} << 32, least, most}) {
        CHECK(!index.find(id).has_value());
    }
    CHECK(!index.find("0"sv).has_value() && index.string_id(0).empty());
    CHECK(caught([&] { index.int64_id(5); }).is(ErrorCode::not_found));
    CHECK(caught([&] { index.string_id(5); }).is(ErrorCode::not_found));
}

TEST(ids_of_64_bits_go_both_ways) {
    check_both_ways(Numbers{5});
    check_both_ways(Numbers{0, 1, 2, 3});                       // as rows, ascending: nothing to sort
    check_both_ways(Numbers{-3, 7, 100, 101});                  // ascending with gaps
    check_both_ways(Numbers{9, 3, 7, -20, 0, most, least, 8});  // in any order
    check_both_ways(Numbers{most, most - 1, least + 1, least});
    std::set<std::int64_t> distinct;
    base::Random random(1);
    while (distinct.size() < 2000) distinct.insert(static_cast<std::int64_t>(random.next()));
    Numbers ids(distinct.begin(), distinct.end());
    for (std::size_t i = ids.size() - 1; i > 0; --i)
        std::swap(ids[i], ids[random.below(static_cast<std::uint32_t>(i))]);
    check_both_ways(ids);
    const Index index = named(ids);
    for (int i = 0; i < 1000; ++i) {
        const auto id = static_cast<std::int64_t>(random.next());
        CHECK(index.find(id).has_value() == distinct.contains(id));
    }
}

TEST(ids_of_strings_go_both_ways) {
    const std::string long_one(100000, 'x');
    check_both_ways(Texts{"king"});
    check_both_ways(Texts{""});
    check_both_ways(Texts{"a", "b", "c"});
    check_both_ways(Texts{"queen", "king", "", "kin", "kings", "a\0b"sv, "a"sv, "a\0"sv, "\0"sv, "ab"sv, long_one,
                          "Zürich", "東京", "\xff\xfe", "\x01"});
    std::vector<std::string> texts;
    base::Random random(2);
    for (int i = 0; i < 2000; ++i) texts.push_back(std::to_string(random.next()));
    check_both_ways(Texts(texts.begin(), texts.end()));
}

TEST(ids_not_there_are_not_found) {
    const Index index = named(Texts{"b", "d", "", "bb"});
    for (const auto id : {"a"sv, "c"sv, "e"sv, "bbb"sv, "b\0"sv, "B"sv}) CHECK(!index.find(id).has_value());
    const Index numbers = named(Numbers{10, 30, 20});
    for (const std::int64_t id : {9, 11, 25, 31, 0}) CHECK(!numbers.find(id).has_value());
    Builder builder(2, Metric::dot);
    const Index empty = builder.build();
    CHECK(!empty.find(std::int64_t{0}).has_value() && !empty.find(""sv).has_value());
}

TEST(ids_given_twice_are_refused_with_both_rows) {
    const auto numbers = caught([] { named(Numbers{5, 8, 2, 8}); });
    CHECK(numbers.is(ErrorCode::invalid_argument, "8 came for rows 1 and 3"));
    const auto texts = caught([] { named(Texts{"x", "cat", "a", "b", "cat"}); });
    CHECK(texts.is(ErrorCode::invalid_argument, "'cat' came for rows 1 and 4"));
    const auto adjacent = caught([] { named(Numbers{1, 2, 2, 3}); });
    CHECK(adjacent.is(ErrorCode::invalid_argument, "2 came for rows 1 and 2"));
    CHECK(caught([] { named(Texts{"", ""}); }).is(ErrorCode::invalid_argument, "rows 0 and 1"));
}

TEST(ids_decide_ties) {
    Builder builder(3, Metric::manhattan);
    const Numbers ids = {40, -7, 12, 3};
    builder.add(std::vector<float>(12, 1.5f), ids);
    const auto found = builder.build().search(std::vector<float>{1, 2, 3}, {.k = 4});
    CHECK(found[0].row == 1 && found[1].row == 3 && found[2].row == 2 && found[3].row == 0);
}

TEST(ids_decide_which_of_equals_are_among_the_nearest) {
    const std::uint32_t n = 500;
    Numbers ids;
    for (std::uint32_t row = 0; row < n; ++row) ids.push_back(static_cast<std::int64_t>(n - row));
    for (const Metric metric : metrics) {
        Builder builder(3, metric);
        builder.add(std::vector<float>(n * 3, 1.0f), ids);
        const auto found =
            builder.build(forest_options(2)).search(std::vector<float>{1, 0, 1}, {.k = 5, .exact = true});
        for (std::uint32_t i = 0; i < 5; ++i) CHECK(found[i].row == n - 1 - i);
    }
}
