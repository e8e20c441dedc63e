// Columns of every type with values that are awkward, and what an expression allows by its definition, row by row.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attributes/columns.hpp"
#include "attributes/encode.hpp"
#include "base/random.hpp"
#include "check.hpp"
#include "nearfile/expression.hpp"

namespace nearfile::attributes::sample {

using base::Random;
using Node = Expression::Node;
using Kind = Expression::Kind;

inline std::size_t below(Random& random, std::size_t bound) {
    return static_cast<std::size_t>(random.next() % bound);
}

template <class T>
const T& one_of(Random& random, const std::vector<T>& values) {
    return values[below(random, values.size())];
}

inline const std::vector<std::int64_t>& awkward_integers() {
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    constexpr std::int64_t exact = std::int64_t{1} << 53;
    static const std::vector<std::int64_t> values = {
        0,         1,          -1,    2,         3,    7,        exact - 1,     exact,
        exact + 1, -exact - 1, least, least + 1, most, most - 1, 1'500'000'000, -2'000'000'001};
    return values;
}

inline const std::vector<double>& awkward_numbers() {
    constexpr double endless = std::numeric_limits<double>::infinity();
    static const std::vector<double> values = {0.0,
                                               -0.0,
                                               1.0,
                                               -1.0,
                                               0.5,
                                               2.5,
                                               -2.5,
                                               3.0,
                                               0x1p53,
                                               0x1p53 + 2,
                                               -0x1p53,
                                               0x1p63,
                                               -0x1p63,
                                               1e300,
                                               -1e300,
                                               endless,
                                               -endless,
                                               std::numeric_limits<double>::quiet_NaN(),
                                               std::numeric_limits<double>::denorm_min()};
    return values;
}

inline const std::vector<std::string>& awkward_strings() {
    static const std::vector<std::string> values = {"",     "a",
                                                    "ab",   "b",
                                                    "ä",    "z",
                                                    "日本", std::string("\0x", 2),
                                                    "\x7f", "a rather long value that is more than a few bytes"};
    return values;
}

inline const std::vector<Timestamp>& awkward_moments() {
    static const std::vector<Timestamp> values = {{0, 0},
                                                  {0, 1},
                                                  {-1, 999'999'999},
                                                  {1, 500'000'000},
                                                  {-3, 999'999'999},
                                                  {1'500'000, 0},
                                                  {-9'223'372'037, 145'224'192},
                                                  {9'223'372'036, 854'775'807},
                                                  {9'223'372'036, 854'775'808},
                                                  {std::numeric_limits<std::int64_t>::max(), 5},
                                                  {std::numeric_limits<std::int64_t>::min(), 0}};
    return values;
}

struct Shape {
    ColumnType type;
    std::uint32_t rows;
    std::uint32_t missing_in = 4;        // one row in so many has no value; 0: none
    std::uint32_t distinct_strings = 0;  // 0: the awkward ones
};

inline std::string string_of(const Shape& shape, Random& random) {
    if (shape.distinct_strings == 0) return one_of(random, awkward_strings());
    return "value " + std::to_string(below(random, shape.distinct_strings));
}

// Values cluster, so that some blocks are all alike.
inline Column column_of(const std::string& name, const Shape& shape, std::uint64_t seed) {
    Random random(seed);
    Column column;
    column.name = name;
    column.type = shape.type;
    if (shape.type == ColumnType::timestamp) {
        constexpr std::uint32_t ticks[] = {1, 1'000, 1'000'000, 1'000'000'000};
        column.ticks_per_second = ticks[seed % 4];
        if (seed % 2 == 0) column.time_zone = "Europe/Berlin";
    }
    if (shape.type == ColumnType::strings) column.starts.push_back(0);
    if (has_dictionary(shape.type)) column.text_starts.push_back(0);
    const auto add_text = [&](const std::string& text) {
        column.text += text;
        column.text_starts.push_back(column.text.size());
    };
    for (std::uint32_t row = 0; row < shape.rows; ++row) {
        const bool missing = shape.missing_in > 0 && below(random, shape.missing_in) == 0;
        if (shape.missing_in > 0) column.missing.push_back(missing ? 1 : 0);
        const bool plain = row / 1500 % 2 == 1;
        switch (shape.type) {
            case ColumnType::boolean:
                column.integers.push_back(static_cast<std::int64_t>(below(random, 2)));
                break;
            case ColumnType::int64:
            case ColumnType::timestamp:
                column.integers.push_back(plain ? 5 : one_of(random, awkward_integers()));
                break;
            case ColumnType::float64:
                column.numbers.push_back(plain ? 1.5 : one_of(random, awkward_numbers()));
                break;
            case ColumnType::string:
                add_text(missing ? "" : string_of(shape, random));
                break;
            case ColumnType::strings:
                for (std::size_t n = missing ? 0 : below(random, 5); n > 0; --n) add_text(string_of(shape, random));
                column.starts.push_back(column.text_starts.size() - 1);
                break;
        }
    }
    return column;
}

inline const RunTasks& in_order() {
    static const RunTasks run = [](std::size_t n, const std::function<void(std::size_t)>& task) {
        for (std::size_t i = 0; i < n; ++i) task(i);
    };
    return run;
}

// Columns as a file has them; moving it leaves the views what they are.
struct Stored {
    EncodedColumns encoded;
    Columns columns;
};

inline Stored stored(const std::vector<Column>& columns, std::uint32_t rows,
                     const std::vector<std::uint32_t>& row_of_item = {}) {
    Stored made{encode(columns, rows, row_of_item, in_order()), {}};
    auto opened = Columns::open(made.encoded.directory, made.encoded.values.bytes(), rows);
    if (!opened.ok()) {
        test::fail(__FILE__, __LINE__, "columns open: " + opened.error().message);
    } else {
        made.columns = std::move(opened.value());
    }
    return made;
}

// What a column says of a row.

inline bool is_missing(const Column& column, std::uint32_t row) {
    return !column.missing.empty() && column.missing[row] != 0;
}

inline std::string text_at(const Column& column, std::size_t i) {
    return column.text.substr(column.text_starts[i], column.text_starts[i + 1] - column.text_starts[i]);
}

// -1, 0 or 1; nothing where one of them is no number.
template <class A, class B>
std::optional<int> order_of(const A& a, const B& b) {
    if (a < b) return -1;
    if (b < a) return 1;
    if (a == b) return 0;
    return {};
}
inline std::optional<int> order_of(std::int64_t a, double b) {
    if (std::isnan(b)) return {};
    if (b >= 0x1p63) return -1;
    if (b < -0x1p63) return 1;
    const double whole = std::trunc(b);
    const auto order = order_of(a, static_cast<std::int64_t>(whole));
    return *order != 0 ? order : order_of(0.0, b - whole);
}
inline std::optional<int> order_of(double a, std::int64_t b) {
    const auto order = order_of(b, a);
    return order ? std::optional<int>(-*order) : order;
}

inline std::optional<int> order_of_moment(std::int64_t ticks, std::uint32_t ticks_per_second, const Timestamp& moment) {
    const auto a_second = static_cast<std::int64_t>(ticks_per_second);
    std::int64_t second = ticks / a_second;
    std::int64_t rest = ticks % a_second;
    if (rest < 0) rest += a_second, second -= 1;
    const std::int64_t nanoseconds = rest * (1'000'000'000 / a_second);
    return order_of(std::pair(second, nanoseconds), std::pair(moment.seconds, std::int64_t{moment.nanoseconds}));
}

// How the value of a row compares with one of an expression.
inline std::optional<int> order_of(const Column& column, std::uint32_t row, const AttributeValue& value) {
    switch (column.type) {
        case ColumnType::boolean:
            return order_of(column.integers[row] != 0, std::get<bool>(value));
        case ColumnType::int64:
            if (const auto* whole = std::get_if<std::int64_t>(&value)) return order_of(column.integers[row], *whole);
            return order_of(column.integers[row], std::get<double>(value));
        case ColumnType::float64:
            if (const auto* whole = std::get_if<std::int64_t>(&value)) return order_of(column.numbers[row], *whole);
            return order_of(column.numbers[row], std::get<double>(value));
        case ColumnType::timestamp:
            return order_of_moment(column.integers[row], column.ticks_per_second, std::get<Timestamp>(value));
        case ColumnType::string:
            return order_of(text_at(column, row), std::get<std::string>(value));
        case ColumnType::strings:
            break;
    }
    return {};
}

inline bool holds(Comparison comparison, std::optional<int> order) {
    switch (comparison) {
        case Comparison::equal:
            return order == 0;
        case Comparison::not_equal:
            return order != 0;
        case Comparison::less:
            return order == -1;
        case Comparison::at_most:
            return order == -1 || order == 0;
        case Comparison::greater:
            return order == 1;
        case Comparison::at_least:
            return order == 1 || order == 0;
    }
    return false;
}

// Whether a node holds of a row; nothing where it is unknown.
inline std::optional<bool> truth(const std::vector<Column>& columns, std::uint32_t row, const Node& node) {
    if (node.kind == Kind::negation) {
        const auto part = truth(columns, row, *node.parts[0]);
        return part ? std::optional<bool>(!*part) : part;
    }
    if (node.kind == Kind::both || node.kind == Kind::either) {
        const bool decides = node.kind == Kind::either;
        const auto a = truth(columns, row, *node.parts[0]);
        const auto b = truth(columns, row, *node.parts[1]);
        if (a == decides || b == decides) return decides;
        return a && b ? std::optional<bool>(!decides) : std::nullopt;
    }
    const Column* column = nullptr;
    for (const Column& each : columns) column = each.name == node.column ? &each : column;
    const bool missing = is_missing(*column, row);
    if (node.kind == Kind::is_null) return missing;
    if (missing) return {};
    if (node.kind == Kind::compare) return holds(node.comparison, order_of(*column, row, node.values[0]));
    if (node.kind == Kind::is_in) {
        for (const auto& value : node.values) {
            if (order_of(*column, row, value) == 0) return true;
        }
        return false;
    }
    for (std::uint64_t i = column->starts[row]; i < column->starts[row + 1]; ++i) {
        if (text_at(*column, i) == std::get<std::string>(node.values[0])) return true;
    }
    return false;
}

// Nodes.

inline std::shared_ptr<const Node> shared(Node node) {
    return std::make_shared<const Node>(std::move(node));
}
inline Node compare(const std::string& column, Comparison comparison, AttributeValue value) {
    return {Kind::compare, column, comparison, {std::move(value)}, {}};
}
inline Node is_in(const std::string& column, std::vector<AttributeValue> values) {
    return {Kind::is_in, column, Comparison::equal, std::move(values), {}};
}
inline Node is_null(const std::string& column) {
    return {Kind::is_null, column, Comparison::equal, {}, {}};
}
inline Node contains(const std::string& column, const std::string& value) {
    return {Kind::contains, column, Comparison::equal, {value}, {}};
}
inline Node negation(Node node) {
    return {Kind::negation, "", Comparison::equal, {}, {shared(std::move(node))}};
}
inline Node both(Node a, Node b) {
    return {Kind::both, "", Comparison::equal, {}, {shared(std::move(a)), shared(std::move(b))}};
}
inline Node either(Node a, Node b) {
    return {Kind::either, "", Comparison::equal, {}, {shared(std::move(a)), shared(std::move(b))}};
}

inline AttributeValue value_for(const Column& column, Random& random) {
    switch (column.type) {
        case ColumnType::boolean:
            return below(random, 2) == 0;
        case ColumnType::int64:
        case ColumnType::float64:
            if (below(random, 2) == 0) return one_of(random, awkward_integers());
            return one_of(random, awkward_numbers());
        case ColumnType::timestamp:
            return one_of(random, awkward_moments());
        case ColumnType::string:
        case ColumnType::strings:
            return below(random, 3) == 0 ? "value " + std::to_string(below(random, 300))
                                         : one_of(random, awkward_strings());
    }
    return false;
}

inline Node random_leaf(const std::vector<Column>& columns, Random& random) {
    const Column& column = one_of(random, columns);
    if (below(random, 6) == 0) return is_null(column.name);
    if (column.type == ColumnType::strings) {
        return contains(column.name, std::get<std::string>(value_for(column, random)));
    }
    if (below(random, 4) == 0) {
        std::vector<AttributeValue> values(below(random, below(random, 3) == 0 ? 40 : 4));
        for (auto& value : values) value = value_for(column, random);
        return is_in(column.name, std::move(values));
    }
    const std::size_t comparisons = column.type == ColumnType::boolean ? 2 : 6;
    return compare(column.name, static_cast<Comparison>(below(random, comparisons)), value_for(column, random));
}

inline Node random_node(const std::vector<Column>& columns, Random& random, std::size_t depth) {
    const std::size_t what = depth == 0 ? 5 : below(random, 6);
    if (what == 0) return negation(random_node(columns, random, depth - 1));
    if (what > 4) return random_leaf(columns, random);
    Node a = random_node(columns, random, depth - 1);
    Node b = random_node(columns, random, depth - 1);
    return what < 3 ? both(std::move(a), std::move(b)) : either(std::move(a), std::move(b));
}

}  // namespace nearfile::attributes::sample
