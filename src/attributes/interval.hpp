// Sets of values as intervals, both ends included: what a comparison, or several of one column, ask for.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <vector>

#include "nearfile/expression.hpp"

namespace nearfile::attributes {

template <class T>
struct Interval {
    T low;
    T high;
    bool operator==(const Interval&) const = default;
};

// Ascending, and no two meet.
template <class T>
using Intervals = std::vector<Interval<T>>;

// The smallest and the largest; no float that is no number lies between them.
template <class T>
constexpr Interval<T> everything() noexcept {
    if constexpr (std::is_floating_point_v<T>) {
        return {-std::numeric_limits<T>::infinity(), std::numeric_limits<T>::infinity()};
    } else {
        return {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
    }
}

// The nearest value on either side, where there is one.
template <class T>
std::optional<T> value_before(T value) noexcept {
    if (value == everything<T>().low) return {};
    if constexpr (std::is_floating_point_v<T>) {
        return std::nextafter(value, everything<T>().low);
    } else {
        return value - 1;
    }
}
template <class T>
std::optional<T> value_after(T value) noexcept {
    if (value == everything<T>().high) return {};
    if constexpr (std::is_floating_point_v<T>) {
        return std::nextafter(value, everything<T>().high);
    } else {
        return value + 1;
    }
}

// Where a number lies among the values of a column, which may have none that is the same: the largest that is not above
// it. Nothing where all are above.
template <class T>
struct Place {
    std::optional<T> floor;
    bool exact;
};

// The values that compare so with what is at that place; of not_equal those that are equal.
template <class T>
Intervals<T> values_that(Comparison comparison, const Place<T>& place) {
    const Interval<T> all = everything<T>();
    const auto up_to = [&](const std::optional<T>& high) {
        return high ? Intervals<T>{{all.low, *high}} : Intervals<T>{};
    };
    const auto from = [&](const std::optional<T>& low) {
        return low ? Intervals<T>{{*low, all.high}} : Intervals<T>{};
    };
    const std::optional<T> above = place.floor ? value_after(*place.floor) : all.low;
    switch (comparison) {
        case Comparison::equal:
        case Comparison::not_equal:
            return place.exact ? Intervals<T>{{*place.floor, *place.floor}} : Intervals<T>{};
        case Comparison::less:
            return up_to(place.exact ? value_before(*place.floor) : place.floor);
        case Comparison::at_most:
            return up_to(place.floor);
        case Comparison::greater:
            return from(above);
        case Comparison::at_least:
            return from(place.exact ? place.floor : above);
    }
    return {};
}

// Of intervals in any order: ascending, those that overlap or touch as one.
template <class T>
Intervals<T> united(Intervals<T> all) {
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.low < b.low; });
    Intervals<T> made;
    for (const Interval<T>& each : all) {
        if (!made.empty()) {
            T& high = made.back().high;
            const std::optional<T> after = value_after(high);
            if (!after || each.low <= *after) {
                high = std::max(high, each.high);
                continue;
            }
        }
        made.push_back(each);
    }
    return made;
}

// What is in both.
template <class T>
Intervals<T> intersection(const Intervals<T>& a, const Intervals<T>& b) {
    Intervals<T> made;
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        const Interval<T> common{std::max(a[i].low, b[j].low), std::min(a[i].high, b[j].high)};
        if (common.low <= common.high) made.push_back(common);
        (a[i].high < b[j].high ? i : j) += 1;
    }
    return made;
}

}  // namespace nearfile::attributes
