// Expressions that no one would write, and whether two are the same in every part.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "nearfile/expression.hpp"

namespace nearfile::test {

inline bool same(const AttributeValue& a, const AttributeValue& b) {
    const auto* x = std::get_if<double>(&a);
    const auto* y = std::get_if<double>(&b);
    if (x != nullptr && y != nullptr) return std::bit_cast<std::uint64_t>(*x) == std::bit_cast<std::uint64_t>(*y);
    return a == b;
}

inline bool same(const Expression::Node& a, const Expression::Node& b) {
    if (a.kind != b.kind || a.column != b.column || a.comparison != b.comparison || a.depth != b.depth ||
        a.size != b.size || a.values.size() != b.values.size() || a.parts.size() != b.parts.size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.values.size(); ++i) {
        if (!same(a.values[i], b.values[i])) return false;
    }
    for (std::size_t i = 0; i < a.parts.size(); ++i) {
        if (!same(*a.parts[i], *b.parts[i])) return false;
    }
    return true;
}

class RandomExpression {
public:
    explicit RandomExpression(std::uint64_t seed) : random_(seed) {}

    Expression expression(int depth) {
        if (depth == 0 || below(5) == 0) return condition();
        switch (below(3)) {
            case 0:
                return expression(depth - 1) & expression(depth - 1);
            case 1:
                return expression(depth - 1) | expression(depth - 1);
            default:
                return ~expression(depth - 1);
        }
    }

private:
    std::uint64_t below(std::uint64_t end) { return random_.next() % end; }

    Expression condition() {
        switch (below(4)) {
            case 0:
                return Expression::compare(name(), static_cast<Comparison>(below(6)), value());
            case 1: {
                std::vector<AttributeValue> values;
                for (std::uint64_t left = below(4); left > 0; --left) values.push_back(value());
                return Expression::is_in(name(), std::move(values));
            }
            case 2:
                return Expression::is_null(name());
            default:
                return Expression::contains(name(), text());
        }
    }

    // Names that are like keywords, and those that need quotes.
    std::string name() {
        static const std::vector<std::string> names = {"a", "price", "AND", "in", "Not", "timestamp", "0a", "größe"};
        const std::string made = below(2) == 0 ? names[below(names.size())] : text();
        return made.empty() ? "_" : made;
    }

    std::string text() {
        static const std::vector<std::string> parts = {"a",  "'", "\"", "`",  " ",
                                                       "\n", "ü", "(",  "\\", std::string(1, '\0')};
        std::string made;
        for (std::uint64_t left = below(6); left > 0; --left) made += parts[below(parts.size())];
        return made;
    }

    AttributeValue value() {
        switch (below(6)) {
            case 0:
                return below(2) == 0;
            case 1:
                return static_cast<std::int64_t>(random_.next());
            case 2: {
                const double any = std::bit_cast<double>(random_.next());
                return std::isnan(any) ? -std::numeric_limits<double>::infinity() : any;
            }
            case 3:
                return static_cast<double>(below(1000)) / 10;
            case 4:
                return text();
            default:
                return Timestamp{static_cast<std::int64_t>(below(253402300799 + 62167219201)) - 62167219200,
                                 below(2) == 0 ? 0 : static_cast<std::uint32_t>(below(1'000'000'000))};
        }
    }

    base::Random random_;
};

}  // namespace nearfile::test
