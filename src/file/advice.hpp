// Tells the system how mapped bytes will be read. It may do nothing about it; nothing is wrong without it but the time
// it takes. Whole pages are meant, also those that the bytes only touch.
#pragma once

#include <cstddef>
#include <span>

namespace nearfile::file {

// Here and there: one page at a time, no others read with it.
void expect_random(std::span<const std::byte> bytes) noexcept;
// One after another, as is usual.
void expect_in_order(std::span<const std::byte> bytes) noexcept;
// All of them, soon: reading begins now.
void expect_soon(std::span<const std::byte> bytes) noexcept;

}  // namespace nearfile::file
