#include "attributes/terms.hpp"

#include <string>
#include <utility>

#include "attributes/places.hpp"

namespace nearfile::attributes {
namespace {

base::Error invalid(const std::string& message) {
    return {base::Failure::invalid_argument, message};
}

std::string quoted(std::string_view text) {
    constexpr std::size_t most = 100;
    return std::string("'").append(text.substr(0, most)).append(text.size() > most ? "...'" : "'");
}

std::string kind_of(const AttributeValue& value) {
    struct Visitor {
        std::string operator()(bool each) const { return each ? "the boolean true" : "the boolean false"; }
        std::string operator()(std::int64_t each) const { return "the number " + std::to_string(each); }
        std::string operator()(double each) const { return "the number " + std::to_string(each); }
        std::string operator()(const std::string& each) const { return "the string " + quoted(each); }
        std::string operator()(const Timestamp&) const { return "a timestamp (in text: timestamp '2026-01-31')"; }
    };
    return std::visit(Visitor{}, value);
}

std::string_view wants(ColumnType type) {
    switch (type) {
        case ColumnType::boolean:
            return "true or false, by == and != alone";
        case ColumnType::int64:
        case ColumnType::float64:
            return "a number";
        case ColumnType::timestamp:
            return "a timestamp (in text: timestamp '2026-01-31')";
        case ColumnType::string:
            return "a string";
        case ColumnType::strings:
            return "contains and a string";
    }
    return "";
}

base::Error does_not_fit(const ColumnView& column, const std::string& came) {
    return invalid("column " + quoted(column.info.name) + " is " + std::string(column_type_name(column.info.type)) +
                   ", which is asked for by " + std::string(wants(column.info.type)) + "; got " + came);
}

std::string_view sign_of(Comparison comparison) {
    switch (comparison) {
        case Comparison::equal:
            return "==";
        case Comparison::not_equal:
            return "!=";
        case Comparison::less:
            return "<";
        case Comparison::at_most:
            return "<=";
        case Comparison::greater:
            return ">";
        case Comparison::at_least:
            return ">=";
    }
    return "?";
}

// The last code that is not above the string. Of a damaged dictionary any.
Place<std::int64_t> place_among_strings(const ColumnView& column, std::string_view value) {
    std::uint32_t low = 0;
    std::uint32_t high = column.info.distinct;
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        if (column.string(middle) < value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const bool exact = low < column.info.distinct && column.string(low) == value;
    return {std::int64_t{low} - (exact ? 0 : 1), exact};
}

template <class T>
void append(Intervals<T>& to, const Intervals<T>& from) {
    to.insert(to.end(), from.begin(), from.end());
}

// Adds what compares so with `value`; whether it can be compared with the column at all.
bool add(Term& term, Comparison comparison, const AttributeValue& value) {
    const ColumnInfo& info = term.column->info;
    const auto* whole = std::get_if<std::int64_t>(&value);
    const auto* number = std::get_if<double>(&value);
    switch (info.type) {
        case ColumnType::boolean: {
            const auto* answer = std::get_if<bool>(&value);
            if (answer == nullptr || comparison > Comparison::not_equal) return false;
            append(term.integers, values_that(comparison, place_of(*answer ? 1 : 0)));
            return true;
        }
        case ColumnType::int64:
            if (whole != nullptr) append(term.integers, values_that(comparison, place_of(*whole)));
            if (number != nullptr) {
                if (const auto place = place_among_integers(*number))
                    append(term.integers, values_that(comparison, *place));
            }
            return whole != nullptr || number != nullptr;
        case ColumnType::float64:
            if (whole != nullptr) append(term.floats, values_that(comparison, place_among_floats(*whole)));
            if (number != nullptr) {
                if (const auto place = place_among_floats(*number))
                    append(term.floats, values_that(comparison, *place));
            }
            return whole != nullptr || number != nullptr;
        case ColumnType::timestamp: {
            const auto* moment = std::get_if<Timestamp>(&value);
            if (moment == nullptr || moment->nanoseconds > 999'999'999) return false;
            append(term.integers, values_that(comparison, place_among_ticks(*moment, info.ticks_per_second)));
            return true;
        }
        case ColumnType::string:
        case ColumnType::strings: {
            const auto* text = std::get_if<std::string>(&value);
            if (text == nullptr) return false;
            append(term.integers, values_that(comparison, place_among_strings(*term.column, *text)));
            return true;
        }
    }
    return false;
}

}  // namespace

base::Result<Term> term_of(const Columns& columns, const Expression::Node& node) {
    using Kind = Expression::Kind;
    Term term;
    term.column = columns.find(node.column);
    if (term.column == nullptr) {
        std::string names;
        for (const ColumnView& each : columns.views()) names += (names.empty() ? "" : ", ") + quoted(each.info.name);
        return invalid("there is no column " + quoted(node.column) + "; the index has " +
                       (names.empty() ? "no columns: give attributes when it is built" : names));
    }
    if (node.kind == Kind::is_null) {
        term.asks_missing = true;
        return term;
    }
    const bool lists = term.column->info.type == ColumnType::strings;
    if (lists != (node.kind == Kind::contains)) {
        return does_not_fit(*term.column, node.kind == Kind::contains ? "contains, which is for lists"
                                          : node.kind == Kind::is_in  ? "in"
                                                                      : std::string(sign_of(node.comparison)));
    }
    const Comparison comparison = node.kind == Kind::compare ? node.comparison : Comparison::equal;
    if (node.kind != Kind::is_in && node.values.size() != 1) {
        return invalid("a comparison must have one value; got " + std::to_string(node.values.size()));
    }
    for (const AttributeValue& value : node.values) {
        if (!add(term, comparison, value)) {
            const std::string sign = node.kind == Kind::compare ? std::string(sign_of(comparison)) + " and " : "";
            return does_not_fit(*term.column, sign + kind_of(value));
        }
    }
    term.negated = comparison == Comparison::not_equal;
    term.floats = united(std::move(term.floats));
    term.integers = united(std::move(term.integers));
    return term;
}

}  // namespace nearfile::attributes
