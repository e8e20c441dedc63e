#include "attributes/checks.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.hpp"

namespace nearfile::attributes {
namespace {

base::Error invalid(const std::string& message) {
    return {base::Failure::invalid_argument, message};
}

base::Error invalid(const Column& column, const std::string& message) {
    return invalid("column '" + column.name + "' " + message);
}

base::Result<void> check_type(const Column& column) {
    if (column.name.empty()) return invalid("a column must have a name; got an empty one");
    if (!base::is_utf8(column.name))
        return invalid("a column's name must be UTF-8; got other bytes: decode them first");
    if (column_type_name(column.type) == "unknown") return invalid(column, "has none of nearfile's types");
    const bool moments = column.type == ColumnType::timestamp;
    if (moments && !is_tick(column.ticks_per_second)) {
        return invalid(column, "must have 1, 1000, 1000000 or 1000000000 ticks per second; got " +
                                   std::to_string(column.ticks_per_second));
    }
    if (!moments && (column.ticks_per_second != 0 || !column.time_zone.empty())) {
        return invalid(column, "is " + std::string(column_type_name(column.type)) +
                                   ", which has no ticks per second and no time zone: leave them out");
    }
    if (!base::is_utf8(column.time_zone)) return invalid(column, "must have a time zone in UTF-8; got other bytes");
    return {};
}

// `from`: what there are as many of.
base::Result<void> check_length(const Column& column, const char* array, std::uint64_t have, std::uint64_t want) {
    if (have == want) return {};
    return invalid(column, "must have " + std::to_string(want) + " " + array + " for its rows and type; got " +
                               std::to_string(have));
}

base::Result<void> check_starts(const Column& column, const char* array, std::span<const std::uint64_t> starts,
                                std::uint64_t n, std::uint64_t end) {
    if (n == 0 && starts.empty() && end == 0) return {};
    if (auto fits = check_length(column, array, starts.size(), n + 1); !fits) return fits;
    if (starts.front() == 0 && starts.back() == end && std::is_sorted(starts.begin(), starts.end())) return {};
    return invalid(
        column, std::string("must have ") + array + " that ascend from 0 to " + std::to_string(end) + "; got others");
}

base::Result<void> check_arrays(const Column& column, std::uint64_t rows) {
    const bool numbers = column.type == ColumnType::float64;
    const bool text = column.type == ColumnType::string || column.type == ColumnType::strings;
    const bool lists = column.type == ColumnType::strings;
    if (!column.missing.empty()) {
        if (auto fits = check_length(column, "missing bytes", column.missing.size(), rows); !fits) return fits;
        if (std::any_of(column.missing.begin(), column.missing.end(), [](std::uint8_t each) { return each > 1; })) {
            return invalid(column, "must have missing bytes of 0 and 1; got another");
        }
    }
    const std::uint64_t n_integers = numbers || text ? 0 : rows;
    if (auto fits = check_length(column, "integers", column.integers.size(), n_integers); !fits) return fits;
    if (auto fits = check_length(column, "numbers", column.numbers.size(), numbers ? rows : 0); !fits) return fits;
    const std::uint64_t n_texts = column.text_starts.empty() ? 0 : column.text_starts.size() - 1;
    if (lists) {
        if (n_texts > max_list_strings) {
            return invalid(column, "may have " + std::to_string(max_list_strings) + " strings in its lists; got " +
                                       std::to_string(n_texts));
        }
        if (auto fits = check_starts(column, "starts", column.starts, rows, n_texts); !fits) return fits;
    } else if (auto fits = check_length(column, "starts", column.starts.size(), 0); !fits) {
        return fits;
    }
    return check_starts(column, "text starts", column.text_starts, text ? (lists ? n_texts : rows) : 0,
                        column.text.size());
}

base::Result<void> check_values(const Column& column) {
    if (column.type == ColumnType::boolean) {
        const auto other = std::find_if(column.integers.begin(), column.integers.end(),
                                        [](std::int64_t each) { return each != 0 && each != 1; });
        if (other != column.integers.end()) {
            return invalid(column, "must have 0 and 1 for false and true; got " + std::to_string(*other));
        }
    }
    for (std::size_t i = 0; i + 1 < column.text_starts.size(); ++i) {
        const std::uint64_t start = column.text_starts[i];
        if (!base::is_utf8(std::string_view(column.text).substr(start, column.text_starts[i + 1] - start))) {
            return invalid(column, "must have strings in UTF-8; string " + std::to_string(i) +
                                       " has other bytes: decode them first");
        }
    }
    return {};
}

}  // namespace

base::Result<void> check_columns(std::span<const Column> columns, std::uint64_t rows) {
    if (columns.size() > max_columns) {
        return invalid("an index has at most " + std::to_string(max_columns) + " columns; got " +
                       std::to_string(columns.size()));
    }
    std::vector<std::string_view> names;
    for (const Column& column : columns) {
        if (auto fits = check_type(column); !fits) return fits;
        if (auto fits = check_arrays(column, rows); !fits) return fits;
        if (auto fits = check_values(column); !fits) return fits;
        names.push_back(column.name);
    }
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice == names.end()) return {};
    return invalid("columns must have distinct names; got two of '" + std::string(*twice) + "': rename one");
}

}  // namespace nearfile::attributes
