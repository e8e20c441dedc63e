#include "arrow_format.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace nearfile::python {
namespace {

using Named = std::pair<std::string_view, std::string_view>;

// By how a format begins, longer ones first.
constexpr std::array<Named, 31> type_names = {{{"n", "null"},         {"b", "bool"},
                                               {"c", "int8"},         {"C", "uint8"},
                                               {"s", "int16"},        {"S", "uint16"},
                                               {"i", "int32"},        {"I", "uint32"},
                                               {"l", "int64"},        {"L", "uint64"},
                                               {"e", "float16"},      {"f", "float32"},
                                               {"g", "float64"},      {"u", "string"},
                                               {"U", "large string"}, {"vu", "string view"},
                                               {"z", "binary"},       {"Z", "large binary"},
                                               {"vz", "binary view"}, {"w:", "binary of fixed size"},
                                               {"d:", "decimal"},     {"td", "date"},
                                               {"tt", "time of day"}, {"ts", "timestamp"},
                                               {"tD", "duration"},    {"ti", "interval"},
                                               {"+s", "struct"},      {"+m", "map"},
                                               {"+u", "union"},       {"+r", "run-end encoded"},
                                               {"+", "list"}}};

std::optional<ArrowFormat> number_format(char letter) {
    constexpr std::array<std::pair<char, Layout>, 8> integers = {{{'c', Layout::int8},
                                                                  {'C', Layout::uint8},
                                                                  {'s', Layout::int16},
                                                                  {'S', Layout::uint16},
                                                                  {'i', Layout::int32},
                                                                  {'I', Layout::uint32},
                                                                  {'l', Layout::int64},
                                                                  {'L', Layout::uint64}}};
    for (const auto& [known, layout] : integers) {
        if (letter == known) return ArrowFormat{layout, {.type = ColumnType::int64}};
    }
    const ColumnHead number{.type = ColumnType::float64};
    if (letter == 'e') return ArrowFormat{Layout::float16, number};
    if (letter == 'f') return ArrowFormat{Layout::float32, number};
    if (letter == 'g') return ArrowFormat{Layout::float64, number};
    return std::nullopt;
}

std::uint32_t ticks_of(char unit) noexcept {
    return unit == 's' ? 1 : unit == 'm' ? 1'000 : unit == 'u' ? 1'000'000 : unit == 'n' ? 1'000'000'000 : 0;
}

std::optional<ArrowFormat> moment_format(std::string_view format) {
    const auto moments = [](std::uint32_t ticks, std::string_view zone) {
        return ColumnHead{.type = ColumnType::timestamp, .ticks_per_second = ticks, .time_zone = std::string(zone)};
    };
    if (format == "tdD") return ArrowFormat{Layout::int32, moments(1, {}), 86400};
    if (format == "tdm") return ArrowFormat{Layout::int64, moments(1'000, {})};
    if (format.size() < 4 || !format.starts_with("ts") || format[3] != ':' || ticks_of(format[2]) == 0) {
        return std::nullopt;
    }
    return ArrowFormat{Layout::int64, moments(ticks_of(format[2]), format.substr(4))};
}

}  // namespace

std::optional<ArrowFormat> arrow_format(std::string_view format) {
    const ColumnHead text{.type = ColumnType::string};
    if (format == "n") return ArrowFormat{Layout::nothing, text};
    if (format == "b") return ArrowFormat{Layout::bit, {.type = ColumnType::boolean}};
    if (format == "u") return ArrowFormat{Layout::text, text};
    if (format == "U") return ArrowFormat{Layout::large_text, text};
    if (format == "vu") return ArrowFormat{Layout::text_view, text};
    if (format.size() == 1) return number_format(format.front());
    return moment_format(format);
}

ListLayout arrow_list_layout(std::string_view format) {
    if (format == "+l") return ListLayout::offsets32;
    if (format == "+L") return ListLayout::offsets64;
    if (format == "+vl") return ListLayout::views32;
    if (format == "+vL") return ListLayout::views64;
    return format.starts_with("+w:") ? ListLayout::fixed : ListLayout::none;
}

std::optional<std::int64_t> arrow_list_size(std::string_view format) {
    const std::string_view digits = format.substr(3);
    std::int64_t size = 0;
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
    const bool whole = failed == std::errc() && end == digits.data() + digits.size();
    return whole && size >= 0 && size <= 0x7fffffff ? std::optional(size) : std::nullopt;
}

std::string_view arrow_type_name(std::string_view format) {
    for (const auto& [start, name] : type_names) {
        // A format of one letter is all of it.
        if (start.size() == 1 && start != "+" ? format == start : format.starts_with(start)) return name;
    }
    return "unknown";
}

std::string format_of_column(const Column& column) {
    switch (column.type) {
        case ColumnType::boolean:
            return "b";
        case ColumnType::int64:
            return "l";
        case ColumnType::float64:
            return "g";
        case ColumnType::string:
            return "U";
        case ColumnType::strings:
            return "+L";
        case ColumnType::timestamp:
            break;
    }
    const std::uint32_t ticks = column.ticks_per_second;
    const char unit = ticks == 1 ? 's' : ticks == 1'000 ? 'm' : ticks == 1'000'000 ? 'u' : 'n';
    return std::string("ts") + unit + ":" + column.time_zone;
}

}  // namespace nearfile::python
