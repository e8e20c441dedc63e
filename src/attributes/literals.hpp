// Values and names of expressions as text, and text as values: what the grammar in docs/attributes.md calls literals.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "nearfile/expression.hpp"

namespace nearfile::attributes {

// As the parser reads it, in backticks where it must be.
std::string name_text(std::string_view name);
std::string value_text(const AttributeValue& value);

// Whether a byte may be in a name without backticks; a digit may not be its first.
bool in_bare_name(char byte) noexcept;

// Words that the grammar has itself, in any case: they name columns only in backticks.
bool is_keyword(std::string_view word) noexcept;
bool same_word(std::string_view word, std::string_view keyword) noexcept;

// A number as the grammar has it ("-12", "1.5e3"): int64, or float64 where it has a point or an exponent. Nothing where
// it is beyond what the type holds.
std::optional<AttributeValue> number_value(std::string_view digits);

// Whether `value` is from the year 0 to 9999, as text can say it.
bool is_sayable(const Timestamp& value) noexcept;

// "2026-01-31", "2026-01-31T10:00", with seconds, up to nine digits of a fraction, and Z or an offset; UTC without one.
std::optional<Timestamp> timestamp_value(std::string_view text);
std::string timestamp_text(const Timestamp& value);  // as value_text() has it, of one that is sayable

// How large an expression may be, and what to do about one that is larger.
std::string limits_text();

}  // namespace nearfile::attributes
