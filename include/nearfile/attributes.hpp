// What an index knows of its items beside their vectors: columns of values, a value a row, some of them missing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nearfile {

// Stored in files: do not change these values.
enum class ColumnType : std::uint32_t {
    boolean = 0,
    int64 = 1,
    float64 = 2,
    timestamp = 3,  // whole ticks since 1970-01-01 00:00 UTC
    string = 4,     // UTF-8
    strings = 5,    // a list of strings
};

// A column as it is handed over and given back: row after row, in the layout that Arrow has too.
struct Column {
    std::string name;
    ColumnType type = ColumnType::int64;
    std::uint32_t ticks_per_second = 0;  // of a timestamp: 1, 1,000, 1,000,000 or 1,000,000,000; 0 else
    std::string time_zone;               // of a timestamp, as Arrow names it; empty where it has none

    std::vector<std::uint8_t> missing;   // a byte a row, 1 where there is no value; empty where none is missing
    std::vector<std::int64_t> integers;  // of boolean (0 or 1), int64 and timestamp, a value a row
    std::vector<double> numbers;         // of float64, a value a row
    std::vector<std::uint64_t> starts;   // of strings: where each row's list begins among the texts, and their number
    std::vector<std::uint64_t> text_starts;  // of string (a text a row) and strings: in `text`, and its length
    std::string text;
};

// What an index says of a column.
struct ColumnInfo {
    std::string name;
    ColumnType type = ColumnType::int64;
    std::uint32_t ticks_per_second = 0;
    std::string time_zone;
    std::uint32_t missing = 0;   // rows without a value
    std::uint32_t distinct = 0;  // different strings, of string and strings; 0 else

    bool operator==(const ColumnInfo&) const = default;
};

inline constexpr std::uint32_t max_columns = 4096;
inline constexpr std::uint64_t max_list_strings = 0xffffffff;  // in all lists of a column together

std::string_view column_type_name(ColumnType type) noexcept;

}  // namespace nearfile
