// What is allowed, said of the columns of an index: price < 20 and lang in ('de', 'fr').
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace nearfile {

enum class Comparison : std::uint32_t { equal, not_equal, less, at_most, greater, at_least };

// A moment, to the nanosecond; `nanoseconds` is from 0 to 999,999,999 whatever the sign of `seconds`.
struct Timestamp {
    std::int64_t seconds;  // since 1970-01-01 00:00 UTC
    std::uint32_t nanoseconds;
    bool operator==(const Timestamp&) const = default;
};

using AttributeValue = std::variant<bool, std::int64_t, double, std::string, Timestamp>;

// Immutable; copies share what they say. A value that is missing is neither equal to anything nor unequal, so what asks
// for it, or for its contrary, does not allow it; only is_null() does (SQL's logic of three values).
class Expression {
public:
    enum class Kind : std::uint32_t { compare, is_in, is_null, contains, both, either, negation };

    struct Node {
        Kind kind;
        std::string column = {};                              // of compare, is_in, is_null and contains
        Comparison comparison = Comparison::equal;            // of compare
        std::vector<AttributeValue> values = {};              // one of compare and contains, any number of is_in
        std::vector<std::shared_ptr<const Node>> parts = {};  // two of both and either, one of negation
        std::uint32_t depth = 1;                              // how many nodes are inside each other here
        std::uint32_t size = 1;                               // how many there are, a shared one as often as it is met
    };

    // What combines expressions throws Error(invalid_argument) where there would be more: whoever follows the parts may
    // do so by recursion, and ends.
    static constexpr std::uint32_t max_depth = 1000;
    static constexpr std::uint32_t max_size = 1'000'000;

    // These throw Error(invalid_argument) where a value is NaN, which no value equals and which has no order, or a
    // moment outside the years 0 to 9999, or where the column has no name.
    static Expression compare(std::string column, Comparison comparison, AttributeValue value);
    static Expression is_in(std::string column, std::vector<AttributeValue> values);
    static Expression is_null(std::string column);
    // Of a column of lists: that have this string among them.
    static Expression contains(std::string column, std::string value);

    // Throws Error(invalid_argument) that points at the place.
    static Expression parse(std::string_view text);

    Expression operator&(const Expression& other) const;
    Expression operator|(const Expression& other) const;
    Expression operator~() const;

    // As parse() takes it, and of the same meaning.
    std::string text() const;

    const Node& node() const noexcept { return *node_; }

private:
    static Expression combined(Kind kind, std::vector<std::shared_ptr<const Node>> parts);
    explicit Expression(Node node) : node_(std::make_shared<const Node>(std::move(node))) {}
    std::shared_ptr<const Node> node_;
};

}  // namespace nearfile
