// What a column that is handed over must be, so that what is stored of it can be read without doubt.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.hpp"
#include "nearfile/attributes.hpp"

namespace nearfile::attributes {

// Of `rows` values: arrays of its type alone, starts that lead through the text, UTF-8, no two of the same name.
base::Result<void> check_columns(std::span<const Column> columns, std::uint64_t rows);

constexpr bool is_tick(std::uint32_t ticks_per_second) noexcept {
    return ticks_per_second == 1 || ticks_per_second == 1'000 || ticks_per_second == 1'000'000 ||
           ticks_per_second == 1'000'000'000;
}

}  // namespace nearfile::attributes
