// Columns come back as they were handed over, and verify() sees whatever was changed.
#include "attributes/columns.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "attributes/sample.hpp"
#include "attributes/verify.hpp"

using namespace nearfile;
using namespace nearfile::attributes;
using namespace nearfile::attributes::sample;

namespace {

constexpr ColumnType types[] = {ColumnType::boolean,   ColumnType::int64,  ColumnType::float64,
                                ColumnType::timestamp, ColumnType::string, ColumnType::strings};

std::vector<Column> all_columns(std::uint32_t rows, std::uint64_t seed) {
    std::vector<Column> columns;
    for (const ColumnType type : types) {
        for (const std::uint32_t missing_in : {0u, 3u, 1u}) {
            const std::string name = std::string(column_type_name(type)) + " " + std::to_string(missing_in);
            columns.push_back(column_of(name, {type, rows, missing_in}, seed++));
        }
    }
    return columns;
}

// Whether a row of one is a row of the other: the same value bit for bit, or none.
bool same_row(const Column& a, std::uint32_t i, const Column& b, std::uint32_t j) {
    if (is_missing(a, i) || is_missing(b, j)) return is_missing(a, i) && is_missing(b, j);
    switch (a.type) {
        case ColumnType::float64:
            return std::memcmp(&a.numbers[i], &b.numbers[j], sizeof(double)) == 0;
        case ColumnType::string:
            return text_at(a, i) == text_at(b, j);
        case ColumnType::strings: {
            const std::uint64_t size = a.starts[i + 1] - a.starts[i];
            if (b.starts[j + 1] - b.starts[j] != size) return false;
            for (std::uint64_t k = 0; k < size; ++k) {
                if (text_at(a, a.starts[i] + k) != text_at(b, b.starts[j] + k)) return false;
            }
            return true;
        }
        default:
            return a.integers[i] == b.integers[j];
    }
}

std::vector<std::uint32_t> shuffled(std::uint32_t n) {
    std::vector<std::uint32_t> order(n);
    std::iota(order.begin(), order.end(), 0u);
    Random random(7);
    for (std::uint32_t i = n; i > 1; --i) std::swap(order[i - 1], order[below(random, i)]);
    return order;
}

}  // namespace

TEST(columns_come_back_as_they_were_in_the_order_of_items) {
    for (const std::uint32_t rows : {1u, 63u, 64u, 65u, 1024u, 3000u}) {
        const auto columns = all_columns(rows, rows);
        const auto order = shuffled(rows);
        const Stored made = stored(columns, rows, order);
        std::vector<std::uint32_t> items(rows);
        std::iota(items.begin(), items.end(), 0u);
        items.push_back(0);
        const auto back = made.columns.values_of(items);
        CHECK(back.size() == columns.size());
        for (std::size_t c = 0; c < columns.size(); ++c) {
            bool same = back[c].name == columns[c].name && back[c].type == columns[c].type &&
                        back[c].ticks_per_second == columns[c].ticks_per_second &&
                        back[c].time_zone == columns[c].time_zone;
            for (std::uint32_t i = 0; i < items.size(); ++i) {
                same = same && same_row(columns[c], order[items[i]], back[c], i);
            }
            if (!same) test::fail(__FILE__, __LINE__, columns[c].name + " of " + std::to_string(rows));
        }
        CHECK(verify(made.columns).ok());
    }
}

TEST(columns_know_how_many_values_are_missing_and_how_many_strings_differ) {
    Column kinds;
    kinds.name = "kind";
    kinds.type = ColumnType::string;
    kinds.text = "pearappleunusedpear";
    kinds.text_starts = {0, 4, 9, 15, 19};
    kinds.missing = {0, 0, 1, 0};
    Column tags;
    tags.name = "tags";
    tags.type = ColumnType::strings;
    tags.text = "xyxz";
    tags.text_starts = {0, 1, 2, 3, 4};
    tags.starts = {0, 3, 3, 3, 4};
    tags.missing = {0, 1, 0, 0};
    const Stored made = stored({kinds, tags}, 4);
    const auto infos = made.columns.infos();
    CHECK(infos[0].missing == 1);
    CHECK(infos[0].distinct == 2);
    CHECK(infos[1].missing == 1);
    CHECK(infos[1].distinct == 3);
    CHECK(made.columns.find("tags") == &made.columns.views()[1]);
    CHECK(made.columns.find("tag") == nullptr);
    // A list that is empty is none that is missing; one that has a string twice has it once in the postings.
    const auto back = made.columns.values_of(std::vector<std::uint32_t>{2, 1, 0});
    CHECK(back[1].missing == (std::vector<std::uint8_t>{0, 1, 0}));
    CHECK(back[1].starts == (std::vector<std::uint64_t>{0, 0, 0, 3}));
    CHECK(back[1].text == "xyx");
    CHECK(back[0].text == "applepear");
    CHECK(made.columns.views()[1].items_of(0, 0).size() == 1);
}

TEST(columns_of_many_strings_have_wider_codes) {
    for (const std::uint32_t distinct : {256u, 257u, 70'000u}) {
        const std::uint32_t rows = distinct * 3;
        const auto column = column_of("name", {ColumnType::string, rows, 0, distinct * 10}, 3);
        const auto tags = column_of("tags", {ColumnType::strings, rows / 2, 0, distinct * 10}, 4);
        const Stored made = stored({column}, rows);
        const Stored lists = stored({tags}, rows / 2);
        CHECK(verify(made.columns).ok());
        CHECK(verify(lists.columns).ok());
        const ColumnView& view = made.columns.views()[0];
        CHECK(view.codes.width() == (view.info.distinct <= 256 ? 1u : view.info.distinct <= 65'536 ? 2u : 4u));
        bool same = true;
        for (std::uint32_t row = 0; row < rows; ++row)
            same = same && view.string(view.codes[row]) == text_at(column, row);
        CHECK(same);
    }
}

TEST(columns_are_the_same_bytes_on_any_threads) {
    const auto columns = all_columns(3000, 9);
    const auto order = shuffled(3000);
    const auto backwards = [](std::size_t n, const std::function<void(std::size_t)>& task) {
        while (n > 0) task(--n);
    };
    const EncodedColumns one = encode(columns, 3000, order, in_order());
    const EncodedColumns other = encode(columns, 3000, order, backwards);
    CHECK(one.directory == other.directory);
    CHECK(std::ranges::equal(one.values.bytes(), other.values.bytes()));
}

// Any single byte: of arrays, or of what lies between them, which nobody reads.
TEST(columns_verify_sees_what_is_not_as_it_was_written) {
    const std::uint32_t rows = 300;
    std::size_t seen = 0;
    for (const Column& column : all_columns(rows, 5)) {
        Stored made = stored({column}, rows);
        std::byte* bytes = made.encoded.values.data();
        std::size_t unseen = 0;
        for (std::size_t at = 0; at < made.encoded.values.size(); ++at) {
            const std::byte before = bytes[at];
            bytes[at] = before ^ std::byte{0x41};
            if (verify(made.columns).ok()) {
                ++unseen;
            } else {
                ++seen;
            }
            bytes[at] = before;
        }
        CHECK(verify(made.columns).ok());
        // Values of numbers that are neither least nor most of their block are only held by the checksum, and so are
        // bits and strings that stay in their order.
        const bool checked = has_dictionary(column.type);
        if (checked && unseen > 11 * alignment + made.columns.views()[0].text.size()) {
            test::fail(__FILE__, __LINE__, column.name + ": " + std::to_string(unseen) + " changes not seen");
        }
    }
    CHECK(seen > 1000);
}
