#include "attributes/literals.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <locale>
#include <sstream>
#include <system_error>

namespace nearfile::attributes {
namespace {

constexpr std::array<std::string_view, 12> keywords = {"and",     "or",   "not",   "in",  "is",       "null",
                                                       "between", "true", "false", "inf", "contains", "timestamp"};

bool is_digit(char byte) noexcept {
    return byte >= '0' && byte <= '9';
}

// `mark` around it, and twice where it is inside.
std::string quoted(std::string_view text, char mark) {
    std::string made(1, mark);
    for (const char byte : text) made.append(byte == mark ? 2 : 1, byte);
    return made + mark;
}

// (Streams with the classic locale, because not every standard library has from_chars and to_chars for floats.)
double float_value(const std::string& digits) {
    std::istringstream stream(digits);
    stream.imbue(std::locale::classic());
    double value = 0;
    stream >> value;
    // Too large is said by the largest of all or by infinity, too small by what is nearest; each may set the fail bit.
    const bool too_large = stream.fail() && std::abs(value) >= std::numeric_limits<double>::max();
    return too_large ? std::numeric_limits<double>::infinity() : value;
}

// As few digits as are read as the same number, 15 at least, of which zeros at the end are left out.
std::string float_text(double value) {
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    std::string text;
    for (int digits = std::numeric_limits<double>::digits10; digits <= std::numeric_limits<double>::max_digits10;
         ++digits) {
        std::ostringstream stream;
        stream.imbue(std::locale::classic());
        stream.precision(digits);
        stream << value;
        text = stream.str();
        if (float_value(text) == value) break;
    }
    return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

struct Text {
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return std::to_string(value); }
    std::string operator()(double value) const { return float_text(value); }
    std::string operator()(const std::string& value) const { return quoted(value, '\''); }
    std::string operator()(const Timestamp& value) const { return timestamp_text(value); }
};

}  // namespace

bool same_word(std::string_view word, std::string_view keyword) noexcept {
    return std::equal(word.begin(), word.end(), keyword.begin(), keyword.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

bool is_keyword(std::string_view word) noexcept {
    return std::any_of(keywords.begin(), keywords.end(), [&](std::string_view each) { return same_word(word, each); });
}

bool in_bare_name(char byte) noexcept {
    // Letters beyond ASCII have bytes from 0x80 on, all of them.
    return is_digit(byte) || byte == '_' || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           static_cast<unsigned char>(byte) >= 0x80;
}

std::string name_text(std::string_view name) {
    const bool bare = !name.empty() && !is_digit(name.front()) && std::all_of(name.begin(), name.end(), in_bare_name) &&
                      !is_keyword(name);
    return bare ? std::string(name) : quoted(name, '`');
}

std::string value_text(const AttributeValue& value) {
    return std::visit(Text{}, value);
}

std::optional<AttributeValue> number_value(std::string_view digits) {
    if (digits.find_first_of(".eE") != std::string_view::npos) {
        const double value = float_value(std::string(digits));
        return std::isinf(value) ? std::nullopt : std::optional<AttributeValue>(value);
    }
    std::int64_t value = 0;
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (failed != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

std::string limits_text() {
    return std::to_string(Expression::max_depth) + " conditions inside each other and " +
           std::to_string(Expression::max_size) +
           " in all (a list of values in one condition takes the place of many, and a chain is as deep as it is long "
           "unless halves of it are combined)";
}

}  // namespace nearfile::attributes
