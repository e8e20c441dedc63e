// The minimum and the maximum of a block's values, as encode() writes them and verify() expects them.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "attributes/bitmap.hpp"
#include "attributes/layout.hpp"

namespace nearfile::attributes {

template <class T>
struct BlockRange {
    T minimum;
    T maximum;
};

// Of the values that are there: from the largest number to the smallest where there is none. A maximum that is no
// number says that a value of the block is none, so that the block cannot be taken whole; the minimum is of the others.
template <class T>
BlockRange<T> block_range(const T* values, const std::uint64_t* present, std::uint32_t first,
                          std::uint32_t end) noexcept {
    using Limits = std::numeric_limits<T>;
    BlockRange<T> range{Limits::max(), Limits::lowest()};
    if constexpr (Limits::has_infinity) range = {Limits::infinity(), -Limits::infinity()};
    bool all_numbers = true;
    for (std::uint32_t i = first; i < end; ++i) {
        if (present != nullptr && !bit_at(present, i)) continue;
        const T value = values[i];
        if (value < range.minimum) range.minimum = value;
        if (value > range.maximum) range.maximum = value;
        if constexpr (std::is_floating_point_v<T>) all_numbers = all_numbers && !std::isnan(value);
    }
    if (!all_numbers) range.maximum = Limits::quiet_NaN();
    return range;
}

}  // namespace nearfile::attributes
