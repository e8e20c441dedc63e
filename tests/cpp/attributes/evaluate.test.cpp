// Expressions allow what their definition allows, row by row, of every type and shape.
#include "attributes/evaluate.hpp"

#include <algorithm>

#include "attributes/sample.hpp"

using namespace nearfile;
using namespace nearfile::attributes;
using namespace nearfile::attributes::sample;

namespace {

std::vector<Column> all_columns(std::uint32_t rows, std::uint64_t seed, std::uint32_t distinct = 0) {
    const auto named = [&](const std::string& name, ColumnType type, std::uint32_t missing_in) {
        return column_of(name, {type, rows, missing_in, distinct}, seed++);
    };
    return {named("flag", ColumnType::boolean, 0),      named("maybe", ColumnType::boolean, 3),
            named("count", ColumnType::int64, 0),       named("year", ColumnType::int64, 5),
            named("price", ColumnType::float64, 0),     named("weight", ColumnType::float64, 4),
            named("seconds", ColumnType::timestamp, 0), named("when", ColumnType::timestamp, 6),
            named("lang", ColumnType::string, 0),       named("brand", ColumnType::string, 3),
            named("tags", ColumnType::strings, 0),      named("labels", ColumnType::strings, 3)};
}

// Of values from 0 on.
Column counting(const std::string& name, std::vector<std::int64_t> values) {
    Column column;
    column.name = name;
    column.integers = std::move(values);
    return column;
}

std::vector<std::uint32_t> allowed(const Columns& columns, const Node& node) {
    const auto items = evaluate(columns, node);
    if (!items.ok()) {
        test::fail(__FILE__, __LINE__, items.error().message);
        return {};
    }
    CHECK(items.value().size() == words_of(columns.count()));
    std::vector<std::uint32_t> rows;
    for (std::uint32_t i = 0; i < items.value().size() * 64; ++i) {
        if (bit_at(items.value().data(), i)) rows.push_back(i);
    }
    return rows;
}

bool refused(const Columns& columns, const Node& node, const std::string& words) {
    const auto items = evaluate(columns, node);
    if (items.ok()) return false;
    const std::string& message = items.error().message;
    if (items.error().failure == base::Failure::invalid_argument && message.find(words) != std::string::npos)
        return true;
    test::fail(__FILE__, __LINE__, message + " says " + words);
    return false;
}

using Rows = std::vector<std::uint32_t>;

}  // namespace

TEST(evaluate_allows_what_the_definition_allows) {
    Random random(11);
    std::size_t some = 0;
    std::size_t all = 0;
    for (const std::uint32_t rows : {1u, 64u, 100u, 1024u, 5000u}) {
        for (const std::uint32_t distinct : {0u, 300u, 2000u}) {
            const auto columns = all_columns(rows, rows + distinct, distinct);
            const Stored made = stored(columns, rows);
            for (int trial = 0; trial < 120; ++trial) {
                const Node node = random_node(columns, random, below(random, 5));
                const auto found = allowed(made.columns, node);
                Rows expected;
                for (std::uint32_t row = 0; row < rows; ++row) {
                    if (truth(columns, row, node) == true) expected.push_back(row);
                }
                ++all;
                some += found.empty() || found.size() == rows ? 0 : 1;
                if (found != expected) {
                    test::fail(__FILE__, __LINE__,
                               "trial " + std::to_string(trial) + " of " + std::to_string(rows) + " rows: " +
                                   std::to_string(found.size()) + " allowed, not " + std::to_string(expected.size()));
                }
            }
        }
    }
    CHECK(some > all / 3);
}

TEST(evaluate_compares_whole_numbers_and_floats_exactly) {
    constexpr std::int64_t exact = std::int64_t{1} << 53;
    const Stored whole = stored({counting("n", {exact - 1, exact, exact + 1, exact + 2, INT64_MAX, INT64_MIN})}, 6);
    const auto n = [&](Comparison comparison, AttributeValue value) {
        return allowed(whole.columns, compare("n", comparison, value));
    };
    CHECK(n(Comparison::equal, 0x1p53) == (Rows{1}));
    CHECK(n(Comparison::greater, 0x1p53) == (Rows{2, 3, 4}));
    CHECK(n(Comparison::less, 0x1p53) == (Rows{0, 5}));
    CHECK(n(Comparison::at_most, 0x1p63) == (Rows{0, 1, 2, 3, 4, 5}));
    CHECK(n(Comparison::equal, 0x1p63).empty());
    CHECK(n(Comparison::equal, -0x1p63) == (Rows{5}));
    CHECK(n(Comparison::less, -0x1p63).empty());
    CHECK(n(Comparison::greater, -std::numeric_limits<double>::infinity()).size() == 6);
    CHECK(n(Comparison::less, std::numeric_limits<double>::quiet_NaN()).empty());
    CHECK(n(Comparison::not_equal, std::numeric_limits<double>::quiet_NaN()).size() == 6);
    CHECK(n(Comparison::not_equal, 0.5).size() == 6);

    Column floats;
    floats.name = "x";
    floats.type = ColumnType::float64;
    floats.numbers = {0x1p53, 0x1p53 + 2, 0x1p63, -0x1p63, -0.0, std::numeric_limits<double>::quiet_NaN()};
    const Stored real = stored({floats}, 6);
    const auto x = [&](Comparison comparison, AttributeValue value) {
        return allowed(real.columns, compare("x", comparison, value));
    };
    CHECK(x(Comparison::equal, exact + 1).empty());
    CHECK(x(Comparison::less, exact + 1) == (Rows{0, 3, 4}));
    CHECK(x(Comparison::at_least, exact + 1) == (Rows{1, 2}));
    CHECK(x(Comparison::greater, INT64_MAX) == (Rows{2}));
    CHECK(x(Comparison::at_most, INT64_MIN) == (Rows{3}));
    CHECK(x(Comparison::equal, std::int64_t{0}) == (Rows{4}));
    CHECK(x(Comparison::less, 0.0) == (Rows{3}));
}

// As IEEE 754 says of what is no number, which is a value all the same.
TEST(evaluate_takes_what_is_no_number_for_a_value) {
    Column floats;
    floats.name = "x";
    floats.type = ColumnType::float64;
    floats.numbers = {1, std::numeric_limits<double>::quiet_NaN(), 3, 0};
    floats.missing = {0, 0, 0, 1};
    const Stored made = stored({floats}, 4);
    CHECK(allowed(made.columns, compare("x", Comparison::not_equal, 1.0)) == (Rows{1, 2}));
    CHECK(allowed(made.columns, compare("x", Comparison::less, 2.0)) == (Rows{0}));
    CHECK(allowed(made.columns, negation(compare("x", Comparison::less, 2.0))) == (Rows{1, 2}));
    CHECK(allowed(made.columns, compare("x", Comparison::at_most, 1e308)) == (Rows{0, 2}));
    CHECK(allowed(made.columns, is_null("x")) == (Rows{3}));
    CHECK(allowed(made.columns, negation(is_null("x"))) == (Rows{0, 1, 2}));
    CHECK(allowed(made.columns, is_in("x", {std::numeric_limits<double>::quiet_NaN()})).empty());
}

TEST(evaluate_names_what_does_not_fit) {
    const Stored made = stored(all_columns(10, 1), 10);
    const Columns& columns = made.columns;
    CHECK(refused(columns, compare("nobody", Comparison::equal, true),
                  "there is no column 'nobody'; the index has 'flag'"));
    CHECK(refused(Columns(), is_null("x"), "no columns"));
    CHECK(refused(columns, compare("price", Comparison::less, std::string("abc")),
                  "column 'price' is float64, which is asked for by a number; got < and the string 'abc'"));
    CHECK(refused(columns, compare("flag", Comparison::less, true), "column 'flag' is bool"));
    CHECK(refused(columns, compare("flag", Comparison::equal, std::int64_t{1}), "the number 1"));
    CHECK(refused(columns, compare("count", Comparison::equal, true), "the boolean true"));
    CHECK(refused(columns, compare("when", Comparison::equal, std::int64_t{1}),
                  "a timestamp (in text: timestamp '2026-01-31'); got == and the number 1"));
    CHECK(refused(columns, compare("when", Comparison::equal, Timestamp{0, 1'000'000'000}), "a timestamp"));
    CHECK(refused(columns, compare("lang", Comparison::equal, 1.0), "asked for by a string"));
    CHECK(refused(columns, is_in("lang", {std::string("a"), 1.0}), "column 'lang' is string"));
    CHECK(refused(columns, contains("lang", "a"), "contains, which is for lists"));
    CHECK(refused(columns, compare("tags", Comparison::equal, std::string("a")), "contains and a string; got =="));
    CHECK(refused(columns, is_in("tags", {std::string("a")}), "got in"));
    // Wherever it stands.
    const Node good = is_null("price");
    CHECK(refused(columns, both(good, negation(either(good, is_null("nobody")))), "nobody"));
}

TEST(evaluate_takes_long_expressions_and_refuses_those_that_are_too_deep) {
    const Stored made = stored({counting("n", {0, 1, 2, 3})}, 4);
    const auto nest = [](std::size_t depth, bool alternate) {
        Node node = compare("n", Comparison::equal, std::int64_t{1});
        for (std::size_t i = 0; i < depth; ++i) {
            Node other = compare("n", Comparison::at_most, std::int64_t{2});
            node = alternate && i % 2 == 0 ? either(std::move(other), std::move(node))
                                           : both(std::move(node), std::move(other));
            node = negation(negation(std::move(node)));
        }
        return node;
    };
    CHECK(allowed(made.columns, nest(5000, false)) == (Rows{1}));
    CHECK(allowed(made.columns, nest(max_alternations, true)) == (Rows{0, 1, 2}));
    CHECK(refused(made.columns, nest(max_alternations + 2, true), "nested deeper"));
    // Each is twice in the next.
    auto node = shared(is_null("n"));
    for (int i = 0; i < 60; ++i) node = shared(Node{Kind::both, "", Comparison::equal, {}, {node, node}});
    CHECK(refused(made.columns, *node, "1048576 parts"));
}

// Blocks that are alike are taken whole or passed over; the answer is the same whether they are.
TEST(evaluate_by_minima_and_maxima_of_blocks) {
    std::vector<std::int64_t> values;
    for (std::uint32_t block = 0; block < 5; ++block) {
        for (std::uint32_t i = 0; i < block_items; ++i) values.push_back(block * 100 + (block == 3 ? i % 7 : 0));
    }
    values.resize(values.size() - 100);
    const Stored made = stored({counting("n", values)}, static_cast<std::uint32_t>(values.size()));
    for (const std::int64_t low : {-1, 0, 1, 100, 300, 303, 306, 400, 401}) {
        const auto found = allowed(
            made.columns, both(compare("n", Comparison::at_least, low), compare("n", Comparison::less, low + 104)));
        Rows expected;
        for (std::uint32_t i = 0; i < values.size(); ++i) {
            if (values[i] >= low && values[i] < low + 104) expected.push_back(i);
        }
        CHECK(found == expected);
    }
}
