// Columns that are damaged or made to harm are refused at open or answer something; run with sanitizers to mean it.
#include <cstring>

#include "attributes/evaluate.hpp"
#include "attributes/sample.hpp"
#include "attributes/verify.hpp"
#include "file/sample.hpp"

using namespace nearfile;
using namespace nearfile::attributes;
using namespace nearfile::attributes::sample;
using nearfile::file::sample::Image;

namespace {

constexpr std::uint32_t n = 1100;  // more than a block

std::vector<Column> some_columns() {
    std::vector<Column> columns;
    std::uint64_t seed = 1;
    for (std::uint32_t type = 0; type < 6; ++type) {
        for (const std::uint32_t missing_in : {0u, 4u}) {
            const std::string name = "column " + std::to_string(columns.size());
            columns.push_back(
                column_of(name, {static_cast<ColumnType>(type), n, missing_in, type == 4 ? 300u : 0u}, seed++));
        }
    }
    return columns;
}

// Everything that columns can be asked, of the types that the whole ones have.
void use(const Columns& columns, const std::vector<Column>& whole) {
    Random random(3);
    for (int trial = 0; trial < 30; ++trial) {
        const auto items = evaluate(columns, random_node(whole, random, 3));
        if (!items.ok()) continue;  // a name or a type is damaged
        const bool ends = items.value().size() == words_of(n) && (items.value().back() & ~last_word(n)) == 0;
        if (!ends) test::fail(__FILE__, __LINE__, "a bitmap of the items");
    }
    std::vector<std::uint32_t> items;
    for (std::uint32_t i = 0; i < n; i += 37) items.push_back(i);
    for (const Column& column : columns.values_of(items)) {
        const std::size_t rows = column.integers.size() + column.numbers.size() +
                                 (column.starts.empty() ? column.text_starts.size() : column.starts.size());
        CHECK(rows == items.size() + (has_dictionary(column.type) ? 1 : 0));
    }
    (void)verify(columns);
}

}  // namespace

TEST(columns_of_damaged_directories_are_refused_or_answer) {
    const auto whole = some_columns();
    const Stored made = stored(whole, n);
    const Image values(made.encoded.values.bytes());
    std::size_t opened = 0;
    std::size_t all = 0;
    for (std::size_t at = 0; at < made.encoded.directory.size(); ++at) {
        for (const unsigned change : {0x01u, 0x40u, 0x80u, 0xffu}) {
            Image directory(made.encoded.directory);
            directory.put(at, static_cast<std::uint8_t>(directory.get<std::uint8_t>(at) ^ change));
            const auto columns = Columns::open(directory.bytes(), values.bytes(), n);
            ++all;
            if (!columns.ok()) continue;
            ++opened;
            if (opened % 16 == 0) use(columns.value(), whole);
        }
    }
    // Names and what is reserved may be anything.
    CHECK(opened > 0);
    CHECK(opened < all / 2);
    for (std::size_t size = 0; size < made.encoded.directory.size(); size += 7) {
        const Image directory(std::span(made.encoded.directory).first(size));
        CHECK(!Columns::open(directory.bytes(), values.bytes(), n).ok());
    }
    const Image directory(made.encoded.directory);
    CHECK(!Columns::open(directory.bytes(), values.bytes().first(values.bytes().size() - 64), n).ok());
    CHECK(!Columns::open(directory.bytes(), values.bytes(), n + 64).ok());
    CHECK(Columns::open(directory.bytes(), values.bytes(), n).ok());
}

TEST(columns_of_damaged_values_answer) {
    const auto whole = some_columns();
    const Stored made = stored(whole, n);
    Random random(5);
    constexpr std::uint64_t numbers[] = {0,          1,          n - 1,      n,     n + 1,
                                         0x7fffffff, 0x80000000, 0xffffffff, ~0ull, 0x7ff8ull << 48};
    for (int trial = 0; trial < 300; ++trial) {
        const Image values(made.encoded.values.bytes());
        const std::size_t changes = trial % 3 == 0 ? 5000 : 1 + below(random, 40);
        for (std::size_t i = 0; i < changes; ++i) {
            const std::size_t at = below(random, values.bytes().size() / 8) * 8 + (i % 2) * 4;
            std::memcpy(values.bytes().data() + at, &numbers[below(random, std::size(numbers))], 4);
        }
        const Image directory(made.encoded.directory);
        const auto columns = Columns::open(directory.bytes(), values.bytes(), n);
        CHECK(columns.ok());  // they are not read
        use(columns.value(), whole);
    }
}

TEST(columns_refuse_two_of_one_name) {
    std::vector<Column> two = {some_columns()[2], some_columns()[3]};
    two[1].name = two[0].name;
    const EncodedColumns encoded = encode(two, n, {}, in_order());
    const auto columns = Columns::open(encoded.directory, encoded.values.bytes(), n);
    CHECK(!columns.ok());
}
