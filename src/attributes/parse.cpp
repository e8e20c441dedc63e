// From text to an expression: the grammar of docs/attributes.md. Brackets and operators that wait for their right side
// lie on a stack of our own, so no text, however deep, ends the program.
#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attributes/literals.hpp"
#include "attributes/tokens.hpp"
#include "nearfile/error.hpp"
#include "nearfile/expression.hpp"

namespace nearfile {
namespace {

using attributes::Token;
using attributes::Tokens;

// What waits, the loosest first.
enum class Waiting { bracket, either, both, negation };

std::optional<Comparison> comparison_of(const Token& token) {
    if (token.is_sign("==") || token.is_sign("=")) return Comparison::equal;
    if (token.is_sign("!=") || token.is_sign("<>")) return Comparison::not_equal;
    if (token.is_sign("<")) return Comparison::less;
    if (token.is_sign("<=")) return Comparison::at_most;
    if (token.is_sign(">")) return Comparison::greater;
    if (token.is_sign(">=")) return Comparison::at_least;
    return std::nullopt;
}

class Parser {
public:
    explicit Parser(std::string_view text) : tokens_(text) {}

    Expression parse() {
        for (;;) {
            read_side();
            while (tokens_.next().is_sign(")")) close();
            const Token& next = tokens_.next();
            if (next.kind == Token::Kind::end) break;
            if (!next.is("and") && !next.is("or"))
                tokens_.fail(has_brackets() ? "and, or, or )" : "and, or, or the end", next);
            const Waiting operation = next.is("and") ? Waiting::both : Waiting::either;
            apply_down_to(operation);
            waiting_.push_back({operation, tokens_.take()});
        }
        apply_down_to(Waiting::either);
        if (!waiting_.empty())
            tokens_.fail("a ) for the ( at character " + place_of(waiting_.back().token), tokens_.next());
        return done_.back();
    }

private:
    struct Operation {
        Waiting what;
        Token token;
    };

    // One side of an `and` or `or`, with all `not` and ( before it.
    void read_side() {
        for (;;) {
            if (tokens_.next().is("not")) {
                waiting_.push_back({Waiting::negation, tokens_.take()});
            } else if (tokens_.next().is_sign("(")) {
                waiting_.push_back({Waiting::bracket, tokens_.take()});
            } else {
                return done_.push_back(read_condition());
            }
        }
    }

    void close() {
        apply_down_to(Waiting::either);
        if (waiting_.empty()) tokens_.fail("and, or, or the end, since no ( is open", tokens_.next());
        tokens_.take();
        waiting_.pop_back();
    }

    // All that holds its sides together at least as firmly.
    void apply_down_to(Waiting least) {
        for (; !waiting_.empty() && waiting_.back().what >= least; waiting_.pop_back()) apply(waiting_.back());
    }

    void apply(const Operation& operation) {
        const Expression last = done_.back();
        done_.pop_back();
        try {
            if (operation.what == Waiting::negation) {
                done_.push_back(~last);
            } else {
                done_.back() = operation.what == Waiting::both ? done_.back() & last : done_.back() | last;
            }
        } catch (const Error&) {  // of its size, without the place
            tokens_.fail("at most " + attributes::limits_text(), operation.token);
        }
    }

    Expression read_condition() {
        std::string column = read_column();
        const Token& next = tokens_.next();
        if (const auto comparison = comparison_of(next)) {
            tokens_.take();
            return Expression::compare(std::move(column), *comparison, read_value());
        }
        if (next.is("is")) {
            tokens_.take();
            const bool negated = took("not");
            if (!took("null")) tokens_.fail(negated ? "null" : "null or not null", tokens_.next());
            return negated ? ~Expression::is_null(std::move(column)) : Expression::is_null(std::move(column));
        }
        const bool negated = took("not");
        if (took("in")) return negated_if(negated, Expression::is_in(std::move(column), read_values()));
        if (took("contains")) return negated_if(negated, Expression::contains(std::move(column), read_text()));
        if (took("between")) return negated_if(negated, read_range(column));
        tokens_.fail(
            negated ? "in, contains or between" : "a comparison (==, !=, <, <=, >, >=), in, is, contains or between",
            tokens_.next());
    }

    static Expression negated_if(bool negated, const Expression& condition) { return negated ? ~condition : condition; }

    std::string read_column() {
        const Token& next = tokens_.next();
        if (next.kind == Token::Kind::quoted_name && !next.content.empty()) return tokens_.take().content;
        if (next.kind == Token::Kind::word && !attributes::is_keyword(next.said))
            return std::string(tokens_.take().said);
        std::string expected = "the name of a column";
        if (next.kind == Token::Kind::word) expected += ", in backticks where it is a word such as this";
        if (next.kind == Token::Kind::text) expected += ", bare or in backticks";
        if (next.kind == Token::Kind::number) expected += " before the value";
        tokens_.fail(expected, next);
    }

    std::vector<AttributeValue> read_values() {
        if (!tokens_.next().is_sign("(")) tokens_.fail("( and values", tokens_.next());
        const Token bracket = tokens_.take();
        std::vector<AttributeValue> values;
        if (!tokens_.next().is_sign(")")) values.push_back(read_value());
        while (tokens_.next().is_sign(",")) {
            tokens_.take();
            values.push_back(read_value());
        }
        if (!tokens_.next().is_sign(")")) {
            tokens_.fail(", or ) for the ( at character " + place_of(bracket), tokens_.next());
        }
        tokens_.take();
        return values;
    }

    Expression read_range(const std::string& column) {
        const Expression least = Expression::compare(column, Comparison::at_least, read_value());
        if (!took("and")) tokens_.fail("and, then the other end of the range", tokens_.next());
        return least & Expression::compare(column, Comparison::at_most, read_value());
    }

    std::string read_text() {
        if (tokens_.next().kind != Token::Kind::text) tokens_.fail("a string in quotes", tokens_.next());
        return tokens_.take().content;
    }

    AttributeValue read_value() {
        const Token next = tokens_.next();
        if (next.kind == Token::Kind::text) return tokens_.take().content;
        if (next.kind == Token::Kind::number) return read_number();
        if (next.is("true") || next.is("false")) return tokens_.take().is("true");
        if (took("inf")) return std::numeric_limits<double>::infinity();
        if (next.is_sign("-")) {
            tokens_.take();
            if (took("inf")) return -std::numeric_limits<double>::infinity();
            tokens_.fail("a number after the -", tokens_.next());
        }
        if (took("timestamp")) return read_timestamp();
        if (next.is("null")) tokens_.fail("a value (`is null` finds missing ones)", next);
        std::string expected =
            "a value: a number, true, false, a string in quotes, or timestamp '2026-01-31T10:00:00Z'";
        if (next.kind == Token::Kind::word) expected += " (columns are compared with values, not with each other)";
        tokens_.fail(expected, next);
    }

    AttributeValue read_number() {
        if (const auto value = attributes::number_value(tokens_.next().said)) {
            tokens_.take();
            return *value;
        }
        const bool whole = tokens_.next().said.find_first_of(".eE") == std::string_view::npos;
        tokens_.fail(whole ? "a whole number from -9223372036854775808 to 9223372036854775807 (a float has a point)"
                           : "a number that a float of 64 bits can hold",
                     tokens_.next());
    }

    AttributeValue read_timestamp() {
        const Token& next = tokens_.next();
        const auto value = next.kind == Token::Kind::text ? attributes::timestamp_value(next.content) : std::nullopt;
        if (!value) tokens_.fail("a date or a moment such as '2026-01-31' or '2026-01-31T10:00:00.5+01:00'", next);
        tokens_.take();
        return *value;
    }

    bool took(std::string_view keyword) {
        if (!tokens_.next().is(keyword)) return false;
        tokens_.take();
        return true;
    }

    bool has_brackets() const {
        return std::any_of(waiting_.begin(), waiting_.end(),
                           [](const Operation& each) { return each.what == Waiting::bracket; });
    }

    std::string place_of(const Token& token) const { return std::to_string(tokens_.character(token)); }

    Tokens tokens_;
    std::vector<Operation> waiting_;
    std::vector<Expression> done_;  // sides that are read, and wait for what is between them to be applied
};

}  // namespace

Expression Expression::parse(std::string_view text) {
    return Parser(text).parse();
}

}  // namespace nearfile
