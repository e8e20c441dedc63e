// Attributes through the public classes: what is refused leaves no trace, and what was added comes back.
#include <algorithm>
#include <numeric>

#include "api/sample.hpp"
#include "attributes/sample.hpp"
#include "check.hpp"
#include "file/sample.hpp"

using namespace nearfile;
using namespace nearfile::sample;
using attributes::sample::column_of;
using attributes::sample::is_missing;
using attributes::sample::text_at;
using nearfile::file::sample::Folder;

namespace {

std::vector<Column> columns_of(std::uint32_t rows, std::uint64_t seed, std::uint32_t missing_in = 3) {
    return {column_of("price", {ColumnType::float64, rows, missing_in}, seed),
            column_of("brand", {ColumnType::string, rows, missing_in}, seed + 1),
            column_of("tags", {ColumnType::strings, rows, missing_in}, seed + 2),
            column_of("when", {ColumnType::timestamp, rows, missing_in}, seed / 4 * 4 + 3)};
}

std::vector<std::uint32_t> every_row(std::uint32_t n) {
    std::vector<std::uint32_t> rows(n);
    std::iota(rows.begin(), rows.end(), 0u);
    return rows;
}

// Row i of `back` is row i of `first` and then of `second`.
bool comes_back(const std::vector<Column>& back, const std::vector<Column>& first, const std::vector<Column>& second,
                std::uint32_t n_first, std::uint32_t n) {
    bool same = true;
    for (std::uint32_t row = 0; row < n; ++row) {
        const auto& from = row < n_first ? first : second;
        const std::uint32_t at = row < n_first ? row : row - n_first;
        for (std::size_t c = 0; c < back.size(); ++c) {
            same = same && is_missing(back[c], row) == is_missing(from[c], at);
        }
        if (!is_missing(from[3], at)) same = same && back[3].integers[row] == from[3].integers[at];
        if (!is_missing(from[1], at)) same = same && text_at(back[1], row) == text_at(from[1], at);
        same = same && back[2].starts[row + 1] - back[2].starts[row] == from[2].starts[at + 1] - from[2].starts[at];
    }
    return same;
}

template <class Refused>
void check_leaves_no_trace(Builder& builder, const Refused& refused, const std::string& words) {
    const auto before = builder.build(forest_options(2));
    const Caught error = caught([&] { refused(builder); });
    if (!error.is(ErrorCode::invalid_argument, words)) test::fail(__FILE__, __LINE__, error.message + " says " + words);
    CHECK(same_bytes(builder.build(forest_options(2)).bytes(), before.bytes()));
}

}  // namespace

TEST(attributes_come_back_from_every_structure_and_kind_of_id) {
    constexpr std::uint32_t first = 700;
    constexpr std::uint32_t second = 500;
    const Data data = data_of(Values::floats, first + second, 8, 1);
    const auto values = std::span<const float>(data.values);
    for (const bool graph : {false, true}) {
        for (int kind = 0; kind < 3; ++kind) {
            // None is missing at first.
            const auto some = columns_of(first, 20, kind == 1 ? 0 : 3);
            auto more = columns_of(second, 40);
            const auto expected = more;
            std::swap(more[0], more[2]);  // any order
            Builder builder(8, Metric::euclidean);
            std::vector<std::int64_t> numbers(first + second);
            std::iota(numbers.begin(), numbers.end(), -5);
            std::vector<std::string> names;
            for (const auto each : numbers) names.push_back("item " + std::to_string(each));
            const std::vector<std::string_view> texts(names.begin(), names.end());
            const auto head = values.first(first * 8);
            const auto tail = values.subspan(first * 8);
            if (kind == 0) builder.add(head, some), builder.add(tail, more);
            if (kind == 1) {
                builder.add(head, std::span(numbers).first(first), some);
                builder.add(tail, std::span(numbers).subspan(first), more);
            }
            if (kind == 2) {
                builder.add(head, std::span(texts).first(first), some);
                builder.add(tail, std::span(texts).subspan(first), more);
            }
            const Folder folder;
            const BuildOptions options{.structure = graph ? Structure::graph : Structure::forest, .seed = 1};
            const Index index = builder.build(folder / "a.near", options);
            index.verify();
            const auto infos = index.columns();
            CHECK(infos.size() == 4);
            CHECK(infos[1].name == "brand");
            CHECK(infos[1].type == ColumnType::string);
            CHECK(infos[1].distinct == attributes::sample::awkward_strings().size());
            CHECK(infos[3].ticks_per_second == some[3].ticks_per_second);
            const auto back = index.attributes(every_row(first + second));
            CHECK(comes_back(back, some, expected, first, first + second));
            CHECK(index.attributes({}).size() == 4);
            CHECK(
                caught([&] { index.attributes(std::vector<std::uint32_t>{first + second}); }).is(ErrorCode::not_found));
            // In memory, on one thread, and once more from its bytes.
            BuildOptions one_thread = options;
            one_thread.threads = 1;
            const Index memory = builder.build(one_thread);
            CHECK(same_bytes(memory.bytes(), index.bytes()));
            const Index copy = Index::open_buffer(memory.bytes(), nullptr, {.verify = true});
            CHECK(copy.columns() == infos);
        }
    }
}

TEST(attributes_change_nothing_else_of_a_file) {
    const Data data = data_of(Values::floats, 300, 8, 1);
    for (const bool graph : {false, true}) {
        const BuildOptions options{.structure = graph ? Structure::graph : Structure::forest, .seed = 1};
        Builder plain(8, Metric::euclidean);
        plain.add(data.values);
        Builder with(8, Metric::euclidean);
        with.add(data.values, columns_of(300, 1));
        const Index without = plain.build(options);
        const Index index = with.build(options);
        CHECK(without.columns().empty());
        CHECK(without.attributes(every_row(300)).empty());
        const auto sections = index.info().sections;
        const auto before = without.info().sections;
        CHECK(sections.size() == before.size() + 2);
        CHECK(sections.back().name == "column_values");
        for (std::size_t i = 0; i < before.size(); ++i) {
            CHECK(same_bytes(without.bytes().subspan(before[i].offset, before[i].bytes),
                             index.bytes().subspan(sections[i].offset, sections[i].bytes)));
        }
        // The neighbours that another index had say nothing of attributes.
        BuildOptions like = options;
        if (graph) like.like = &index;
        CHECK(with.build(like).columns() == index.columns());
    }
}

TEST(attributes_that_are_refused_leave_no_trace) {
    const std::vector<float> rows = {1, 2, 3, 4, 5, 6};
    const auto settled = columns_of(2, 8);
    const auto refuse = [&](const auto& change, const std::string& words) {
        Builder builder(3, Metric::euclidean);
        builder.add(rows, settled);
        auto columns = settled;
        change(columns);
        check_leaves_no_trace(builder, [&](Builder& b) { b.add(rows, columns); }, words);
        check_leaves_no_trace(builder, [&](Builder& b) { b.check(columns, 2); }, words);
    };
    using Some = std::vector<Column>;
    refuse([](Some& all) { all.clear(); }, "'price' is not there, got no columns");
    refuse([](Some& all) { all.erase(all.begin() + 1); }, "'brand' is not there, got 'price', 'tags', 'when'");
    refuse([](Some& all) { all.push_back(column_of("new", {ColumnType::int64, 2}, 1)); }, "'new' was not there before");
    refuse([](Some& all) { all[0] = column_of("price", {ColumnType::int64, 2}, 1); }, "'price' was float64, got int64");
    refuse([](Some& all) { all[3].ticks_per_second = 1; }, "'when' was timestamp of 1000000000 ticks");
    refuse([](Some& all) { all[3].ticks_per_second = 7; }, "ticks per second; got 7");
    refuse([](Some& all) { all[3].time_zone = "UTC"; }, "got timestamp of 1000000000 ticks in UTC");
    refuse([](Some& all) { all[0].time_zone = "UTC"; }, "no time zone");
    refuse([](Some& all) { all[1].name = "price"; }, "two of 'price'");
    refuse([](Some& all) { all[1].name.clear(); }, "must have a name");
    refuse([](Some& all) { all[1].name = "\xff"; }, "name must be UTF-8");
    refuse([](Some& all) { all[0].numbers.pop_back(); }, "'price' must have 2 numbers for its rows and type; got 1");
    refuse([](Some& all) { all[0].integers.push_back(1); }, "must have 0 integers");
    refuse([](Some& all) { all[0].missing = {1}; }, "2 missing bytes");
    refuse([](Some& all) { all[0].missing = {1, 2}; }, "0 and 1");
    refuse([](Some& all) { all[1].text_starts = {0, 9, 1}; }, "text starts that ascend from 0");
    refuse([](Some& all) { all[2].starts = {0, 1, 900}; }, "starts that ascend from 0");
    refuse([](Some& all) { all[2].starts.clear(); }, "must have 3 starts");
    refuse([](Some& all) { all[1].text = "a\xe4", all[1].text_starts = {0, 1, 2}; }, "string 1 has other bytes");
    refuse([](Some& all) { all[0].type = static_cast<ColumnType>(6); }, "none of nearfile's types");

    Builder plain(3, Metric::euclidean);
    plain.add(rows);
    check_leaves_no_trace(
        plain, [&](Builder& b) { b.add(rows, settled); }, "'price' was not there before, which had no columns");
    Builder fresh(3, Metric::euclidean);
    Column flags = column_of("flag", {ColumnType::boolean, 2, 0}, 1);
    flags.integers = {0, 2};
    CHECK(caught([&] { fresh.add(rows, std::vector<Column>{flags}); }).is(ErrorCode::invalid_argument, "got 2"));
    // Nothing was settled by what was refused, nor by nothing.
    fresh.add(std::span<const float>());
    fresh.add(rows, settled);
    CHECK(fresh.build(forest_options(2)).columns().size() == 4);
}

TEST(attributes_of_a_string_that_is_missing_are_not_kept) {
    Column secret;
    secret.name = "secret";
    secret.type = ColumnType::string;
    secret.text = "hiddenshown";
    secret.text_starts = {0, 6, 11};
    secret.missing = {1, 0};
    Builder builder(1, Metric::euclidean);
    builder.add(std::vector<float>{1, 2}, std::vector<Column>{secret});
    const Index index = builder.build(forest_options(2));
    const auto bytes = index.bytes();
    const std::string all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    CHECK(all.find("shown") != std::string::npos);
    CHECK(all.find("hidden") == std::string::npos);
}
