#include "attributes/places.hpp"

#include <cmath>
#include <limits>

namespace nearfile::attributes {
namespace {

constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr double past_most = 0x1p63;

}  // namespace

Place<std::int64_t> place_of(std::int64_t value) noexcept {
    return {value, true};
}

std::optional<Place<std::int64_t>> place_among_integers(double value) noexcept {
    if (std::isnan(value)) return {};
    if (value < -past_most) return Place<std::int64_t>{{}, false};
    if (value >= past_most) return Place<std::int64_t>{most, false};
    const double floor = std::floor(value);
    return Place<std::int64_t>{static_cast<std::int64_t>(floor), floor == value};
}

std::optional<Place<double>> place_among_floats(double value) noexcept {
    if (std::isnan(value)) return {};
    return Place<double>{value, true};
}

Place<double> place_among_floats(std::int64_t value) noexcept {
    // The nearest double, which may be on either side.
    const auto nearest = static_cast<double>(value);
    if (nearest < past_most && static_cast<std::int64_t>(nearest) == value) return {nearest, true};
    const bool above = nearest >= past_most || static_cast<std::int64_t>(nearest) > value;
    return {above ? value_before(nearest) : nearest, false};
}

Place<std::int64_t> place_among_ticks(const Timestamp& moment, std::uint32_t ticks_per_second) noexcept {
    const std::uint32_t nanoseconds_a_tick = 1'000'000'000 / ticks_per_second;
    const auto ticks = static_cast<std::int64_t>(moment.nanoseconds / nanoseconds_a_tick);
    const std::int64_t a_second = ticks_per_second;
    const bool exact = moment.nanoseconds % nanoseconds_a_tick == 0;
    const bool before = moment.seconds < 0;
    // Before 1970 from the end of the second, so that what is in range is never out of it on the way.
    const std::int64_t second = before ? moment.seconds + 1 : moment.seconds;
    const std::int64_t rest = before ? ticks - a_second : ticks;
    if (second > most / a_second) return {most, false};
    if (second < least / a_second) return {{}, false};
    const std::int64_t whole = second * a_second;
    if (!before && whole > most - rest) return {most, false};
    if (before && whole < least - rest) return {{}, false};
    return {whole + rest, exact};
}

}  // namespace nearfile::attributes
