// What expressions are made of, and how they are combined; parse.cpp makes them of text, expression_text.cpp text of
// them.
#include "nearfile/expression.hpp"

#include <algorithm>
#include <cmath>

#include "attributes/literals.hpp"
#include "nearfile/error.hpp"

namespace nearfile {
namespace {

[[noreturn]] void refuse(const std::string& message) {
    throw Error(ErrorCode::invalid_argument, message);
}

std::string checked_name(std::string column) {
    if (column.empty()) refuse("expression: expected the name of a column, got an empty one");
    return column;
}

void check(const std::string& column, const AttributeValue& value) {
    if (const auto* number = std::get_if<double>(&value); number != nullptr && std::isnan(*number)) {
        refuse("column '" + column +
               "': expected a value to compare with, got NaN, which equals nothing and has no order: "
               "is_null() finds missing values");
    }
    if (const auto* moment = std::get_if<Timestamp>(&value); moment != nullptr && !attributes::is_sayable(*moment)) {
        refuse("column '" + column + "': expected a timestamp of the years 0 to 9999, got " +
               std::to_string(moment->seconds) + " seconds and " + std::to_string(moment->nanoseconds) +
               " nanoseconds since 1970");
    }
}

}  // namespace

Expression Expression::compare(std::string column, Comparison comparison, AttributeValue value) {
    check(column, value);
    Node node{.kind = Kind::compare, .column = checked_name(std::move(column)), .comparison = comparison};
    node.values.push_back(std::move(value));
    return Expression(std::move(node));
}

Expression Expression::is_in(std::string column, std::vector<AttributeValue> values) {
    for (const AttributeValue& value : values) check(column, value);
    return Expression(
        Node{.kind = Kind::is_in, .column = checked_name(std::move(column)), .values = std::move(values)});
}

Expression Expression::is_null(std::string column) {
    return Expression(Node{.kind = Kind::is_null, .column = checked_name(std::move(column))});
}

Expression Expression::contains(std::string column, std::string value) {
    Node node{.kind = Kind::contains, .column = checked_name(std::move(column))};
    node.values.emplace_back(std::move(value));
    return Expression(std::move(node));
}

Expression Expression::combined(Kind kind, std::vector<std::shared_ptr<const Node>> parts) {
    Node node{.kind = kind, .column = {}, .parts = std::move(parts)};
    for (const auto& part : node.parts) {
        node.depth = std::max(node.depth, part->depth + 1);
        node.size += part->size;
    }
    if (node.depth > max_depth || node.size > max_size) {
        refuse("expression: expected at most " + attributes::limits_text() + ", got more");
    }
    return Expression(std::move(node));
}

Expression Expression::operator&(const Expression& other) const {
    return combined(Kind::both, {node_, other.node_});
}

Expression Expression::operator|(const Expression& other) const {
    return combined(Kind::either, {node_, other.node_});
}

Expression Expression::operator~() const {
    return combined(Kind::negation, {node_});
}

}  // namespace nearfile
