// Expressions as they are made, as text, and back.
#include "nearfile/expression.hpp"

#include <cmath>
#include <limits>

#include "attributes/random_expression.hpp"
#include "check.hpp"
#include "nearfile/error.hpp"

using nearfile::AttributeValue;
using nearfile::Comparison;
using nearfile::Error;
using nearfile::ErrorCode;
using nearfile::Expression;
using nearfile::Timestamp;
using nearfile::test::RandomExpression;
using nearfile::test::same;

namespace {

std::string text_of(std::string_view text) {
    return Expression::parse(text).text();
}

template <class Call>
std::string refusal(const Call& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.code() == ErrorCode::invalid_argument ? error.what() : "another code";
    }
    return "";
}

std::string parse_refusal(std::string_view text) {
    return refusal([&] { Expression::parse(text); });
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST(parsing_what_an_expression_says_of_itself_gives_the_same_expression) {
    RandomExpression random(1);
    for (int i = 0; i < 20'000; ++i) {
        const Expression made = random.expression(i % 7);
        const std::string text = made.text();
        const Expression again = Expression::parse(text);
        if (!same(made.node(), again.node()) || again.text() != text) {
            nearfile::test::fail(__FILE__, __LINE__, text + " is read as " + again.text());
            return;
        }
    }
}

TEST(text_is_as_a_reader_would_write_it) {
    const Expression cheap = Expression::compare("price", Comparison::less, 20.0);
    const Expression spoken = Expression::is_in("lang", {std::string("de"), std::string("fr")});
    const Expression gone = Expression::is_null("price");
    const Expression red = Expression::contains("tags", "it's red");
    CHECK((cheap & spoken).text() == "price < 20.0 and lang in ('de', 'fr')");
    CHECK((~spoken).text() == "lang not in ('de', 'fr')");
    CHECK((~gone | red).text() == "price is not null or tags contains 'it''s red'");
    CHECK((~red & ~~gone).text() == "tags not contains 'it''s red' and not price is not null");
    CHECK((~(cheap | red) & cheap).text() == "not (price < 20.0 or tags contains 'it''s red') and price < 20.0");
    CHECK(((cheap | red) & gone).text() == "(price < 20.0 or tags contains 'it''s red') and price is null");
    CHECK((cheap & (red & gone)).text() == "price < 20.0 and (tags contains 'it''s red' and price is null)");
    CHECK(((cheap & red) & gone).text() == "price < 20.0 and tags contains 'it''s red' and price is null");
    CHECK(Expression::is_in("a", {}).text() == "a in ()");
    CHECK(Expression::compare("a b`", Comparison::equal, true).text() == "`a b``` == true");
    CHECK(Expression::compare("In", Comparison::not_equal, std::int64_t{3}).text() == "`In` != 3");
    CHECK(Expression::compare("2nd", Comparison::at_most, -0.0).text() == "`2nd` <= -0.0");
    CHECK(Expression::compare("größe", Comparison::at_least, 1e300).text() == "größe >= 1e+300");
}

TEST(the_grammar_takes_what_users_write) {
    CHECK(text_of("price<20 AND lang In('de',\"fr\")") == "price < 20 and lang in ('de', 'fr')");
    CHECK(text_of(" a = 1 or b == 2 and c <> 3 ") == "a == 1 or b == 2 and c != 3");
    CHECK(text_of("(a = 1 or b == 2) and c != 3") == "(a == 1 or b == 2) and c != 3");
    CHECK(text_of("not a = 1 and b = 2") == "not a == 1 and b == 2");
    CHECK(text_of("not (a = 1 and b = 2)") == "not (a == 1 and b == 2)");
    CHECK(text_of("not lang in ('de')") == "lang not in ('de')");
    CHECK(text_of("((a is null))") == "a is null");
    CHECK(text_of("a IS NOT NULL") == "a is not null");
    CHECK(text_of("a between -1 and 1.5 and b = 2") == "a >= -1 and a <= 1.5 and b == 2");
    CHECK(text_of("a not between 1 and 2") == "not (a >= 1 and a <= 2)");
    CHECK(text_of("tags not contains \"say \"\"hi\"\"\"") == "tags not contains 'say \"hi\"'");
    CHECK(text_of("`a``b` in ()") == "`a``b` in ()");
    CHECK(text_of("a\n=\t1") == "a == 1");
    CHECK(text_of("a in (1, 2.5, 'x', true)") == "a in (1, 2.5, 'x', true)");
    CHECK(text_of("a > -inf and a < inf") == "a > -inf and a < inf");
    CHECK(text_of("a = .5 or a = 5. or a = 1e3 or a = 1E-3") == "a == 0.5 or a == 5.0 or a == 1000.0 or a == 0.001");
    CHECK(text_of("a = 9223372036854775807 or a = -9223372036854775808") ==
          "a == 9223372036854775807 or a == -9223372036854775808");
    CHECK(text_of("a = 1e-400") == "a == 0.0");
    CHECK(std::get<double>(Expression::parse("a = 5e-324").node().values[0]) == 5e-324);
}

TEST(moments_are_read_as_iso_8601_has_them) {
    const auto moment = [](const std::string& text) {
        return std::get<Timestamp>(Expression::parse("t < timestamp '" + text + "'").node().values[0]);
    };
    CHECK((moment("1970-01-01") == Timestamp{0, 0}));
    CHECK((moment("2026-01-31T10:00:00Z") == Timestamp{1769853600, 0}));
    CHECK((moment("2026-01-31 10:00") == Timestamp{1769853600, 0}));
    CHECK((moment("2026-01-31T11:30:00+01:30") == Timestamp{1769853600, 0}));
    CHECK((moment("2026-01-31T05:00:00-0500") == Timestamp{1769853600, 0}));
    CHECK((moment("2026-01-31T05:00:00.000000001-05") == Timestamp{1769853600, 1}));
    CHECK((moment("1969-12-31T23:59:59.5") == Timestamp{-1, 500'000'000}));
    CHECK((moment("2000-02-29") == Timestamp{951782400, 0}));
    CHECK(text_of("t = timestamp '1969-12-31t23:59:59.25z'") == "t == timestamp '1969-12-31T23:59:59.25Z'");
    CHECK(text_of("t = timestamp '0000-01-01'") == "t == timestamp '0000-01-01T00:00:00Z'");
    CHECK(text_of("t = timestamp '9999-12-31T23:59:59.999999999'") ==
          "t == timestamp '9999-12-31T23:59:59.999999999Z'");
    for (const char* text :
         {"", "2026", "2026-13-01", "2026-02-29", "2026-00-01", "2026-01-31T", "2026-01-31T24:00", "2026-01-31T10:60",
          "2026-01-31T10:00:60", "2026-01-31T10:00:00.", "2026-01-31T10:00Zx", "2026-01-31T10:00:00.1234567890",
          "26-01-31", "2026-1-31", "2026-01-31T10:00+1", "0000-01-01T00:00+01:00", "9999-12-31T23:59-01:00",
          " 2026-01-31", "2026-01-31T10:00+24"}) {
        CHECK(has(refusal([&] { moment(text); }), "expected a date or a moment"));
    }
}

TEST(errors_point_at_the_place) {
    CHECK(parse_refusal("price << 20") ==
          "expression: expected a value: a number, true, false, a string in quotes, or timestamp "
          "'2026-01-31T10:00:00Z', got < at character 8:\n  price << 20\n         ^");
    CHECK(parse_refusal("größe = ") ==
          "expression: expected a value: a number, true, false, a string in quotes, or timestamp "
          "'2026-01-31T10:00:00Z', got the end at character 9:\n  größe = \n          ^");
    CHECK(has(parse_refusal(""), "expected the name of a column, got the end at character 1"));
    CHECK(has(parse_refusal("a = 1 b = 2"), "expected and, or, or the end, got b at character 7"));
    CHECK(has(parse_refusal("(a = 1 b = 2)"), "expected and, or, or ), got b"));
    CHECK(has(parse_refusal("(a = 1 and (b = 2)"), "expected a ) for the ( at character 1, got the end"));
    CHECK(has(parse_refusal("a = 1)"), "no ( is open, got ) at character 6"));
    CHECK(has(parse_refusal("a = 'it"), "a closing ', and two of them where one is meant inside, got the end"));
    CHECK(has(parse_refusal("a = 20px"), "expected a number such as 20, -1.5 or 1e6, got 20px at character 5"));
    CHECK(has(parse_refusal("a = 1.2.3"), "got 1.2.3"));
    CHECK(has(parse_refusal("a = 1e"), "got 1e "));
    CHECK(has(parse_refusal("a = -"), "a number after the -"));
    CHECK(has(parse_refusal("a = 9223372036854775808"), "a float has a point), got 9223372036854775808"));
    CHECK(has(parse_refusal("a = 1e999"), "that a float of 64 bits can hold, got 1e999"));
    CHECK(has(parse_refusal("a = -1e999"), "got -1e999"));
    CHECK(has(parse_refusal("a < b"), "columns are compared with values"));
    CHECK(has(parse_refusal("a = null"), "`is null` finds missing ones"));
    CHECK(has(parse_refusal("a = nan"), "got nan"));
    CHECK(has(parse_refusal("20 < a"), "the name of a column before the value, got 20"));
    CHECK(has(parse_refusal("'a' < 1"), "the name of a column, bare or in backticks, got 'a'"));
    CHECK(has(parse_refusal("in = 1"), "in backticks where it is a word such as this, got in"));
    CHECK(has(parse_refusal("`` = 1"), "the name of a column, got ``"));
    CHECK(has(parse_refusal("a is 1"), "null or not null"));
    CHECK(has(parse_refusal("a is not 1"), "expected null, got 1"));
    CHECK(has(parse_refusal("a not 1"), "in, contains or between"));
    CHECK(has(parse_refusal("a in 1"), "( and values"));
    CHECK(has(parse_refusal("a in (1 2)"), ", or ) for the ( at character 6, got 2"));
    CHECK(has(parse_refusal("a in (1,)"), "expected a value"));
    CHECK(has(parse_refusal("a contains 1"), "a string in quotes"));
    CHECK(has(parse_refusal("a between 1 or 2"), "the other end of the range"));
    CHECK(has(parse_refusal("a && b"), "got & at character 3"));
    CHECK(has(parse_refusal("a = 1 and"), "got the end at character 10"));
    CHECK(has(parse_refusal("in_stock"), "a comparison"));
    CHECK(has(parse_refusal("a = timestamp 5"), "a date or a moment"));
}

TEST(errors_show_the_surroundings_of_a_long_text_in_one_line) {
    const std::string before(5000, 'x');
    const std::string refused = parse_refusal(before + "\n= 'ü' !" + before);
    CHECK(has(refused, "got ! at character 5008:\n  ...xxx"));
    CHECK(has(refused, "xxx = 'ü' !xxx"));
    CHECK(refused.size() < 600);
    const std::size_t line = refused.find('\n') + 1;
    const std::size_t caret = refused.find('\n', line) + 1;
    // The ü has two bytes and is one character.
    CHECK(refused.find('!', line) - line == refused.find('^', caret) - caret + 1);
    CHECK(parse_refusal("a = 1 'a long one " + before + "'").size() < 800);
}

TEST(no_depth_of_text_or_of_conditions_ends_the_program) {
    const std::size_t many = 1'000'000;
    CHECK(text_of(std::string(many, '(') + "a = 1" + std::string(many, ')')) == "a == 1");
    CHECK(has(parse_refusal(std::string(many, '(')), "got the end"));
    std::string nots;
    for (std::size_t i = 0; i < many; ++i) nots += "not ";
    CHECK(has(parse_refusal(nots + "a = 1"), "at most 1000 conditions inside each other"));
    CHECK(text_of(nots.substr(0, 4 * 999) + "a = 1") == nots.substr(0, 4 * 999) + "a == 1");
    std::string chain = "a = 1";
    for (std::size_t i = 0; i < 2000; ++i) chain += " or a = 1";
    CHECK(has(parse_refusal(chain), "takes the place of many"));

    Expression deep = Expression::is_null("a");
    for (std::uint32_t depth = 1; depth < Expression::max_depth; ++depth) deep = Expression::is_null("a") & deep;
    CHECK(Expression::parse(deep.text()).node().depth == Expression::max_depth);
    CHECK(has(refusal([&] { (void)~deep; }), "at most 1000 conditions inside each other"));
    Expression doubled = Expression::is_null("a");
    CHECK(has(refusal([&] {
                  for (int i = 0; i < 100; ++i) doubled = doubled & doubled;
              }),
              "1000000 in all"));
    CHECK(doubled.node().size <= Expression::max_size);
}

TEST(expressions_of_what_has_no_order_are_refused) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(has(refusal([&] { Expression::compare("a", Comparison::less, nan); }), "column 'a': expected a value"));
    CHECK(has(refusal([&] { Expression::is_in("a", {1.0, nan}); }), "got NaN"));
    CHECK(has(refusal([] { Expression::is_null(""); }), "got an empty one"));
    const std::int64_t last = 253402300799;
    CHECK(refusal([&] { Expression::compare("a", Comparison::less, Timestamp{last, 999'999'999}); }).empty());
    CHECK(has(refusal([&] { Expression::compare("a", Comparison::less, Timestamp{last + 1, 0}); }), "years 0 to 9999"));
    CHECK(has(refusal([] { Expression::compare("a", Comparison::less, Timestamp{0, 1'000'000'000}); }), "1000000000"));
}

TEST(copies_share_and_combining_leaves_them_as_they_were) {
    const Expression one = Expression::is_null("a");
    const Expression copy = one;
    CHECK(&copy.node() == &one.node());
    CHECK((one & copy).node().parts[0].get() == &one.node());
    CHECK(one.text() == "a is null");
}
