// Tells the system how mapped bytes will be read. It may do nothing about it; nothing is wrong without it but the time
// it takes. Whole pages are meant, also those that the bytes only touch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace nearfile::file {

// Here and there: one page at a time, no others read with it.
void expect_random(std::span<const std::byte> bytes) noexcept;
// One after another, as is usual.
void expect_in_order(std::span<const std::byte> bytes) noexcept;
// All of them, soon: reading begins now.
void expect_soon(std::span<const std::byte> bytes) noexcept;

// Some rows of `stride` bytes, by ascending number, soon: in few large reads, with what lies between them where that is
// little.
void expect_soon(std::span<const std::byte> rows, std::size_t stride, std::span<const std::uint32_t> some) noexcept;

}  // namespace nearfile::file
