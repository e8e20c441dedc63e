// Where a number or a moment lies among the values of a column of another type: exactly, not by casting.
#pragma once

#include <cstdint>
#include <optional>

#include "attributes/interval.hpp"
#include "nearfile/expression.hpp"

namespace nearfile::attributes {

Place<std::int64_t> place_of(std::int64_t value) noexcept;
// Nothing for what is no number, which is neither equal to anything nor less or greater.
std::optional<Place<std::int64_t>> place_among_integers(double value) noexcept;
std::optional<Place<double>> place_among_floats(double value) noexcept;
Place<double> place_among_floats(std::int64_t value) noexcept;
// In ticks; `nanoseconds` is below 1,000,000,000.
Place<std::int64_t> place_among_ticks(const Timestamp& moment, std::uint32_t ticks_per_second) noexcept;

}  // namespace nearfile::attributes
