// What the operating system is told of bytes of a map: hints, which change when pages are read and never what is in
// them. Bytes that are in no map are left alone by it, or treated the same way to no effect.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.hpp"

namespace nearfile::file {

// Rows here and there will be read: a page that is missing is read by itself, without its surroundings, and is the
// first to go where memory is short. Only whole pages of `bytes`.
void expect_random(std::span<const std::byte> bytes) noexcept;
// As when it was mapped.
void expect_usual(std::span<const std::byte> bytes) noexcept;

// All pages of `bytes` will be read: begin to read those that are missing, and do not wait for them.
void will_need(std::span<const std::byte> bytes) noexcept;

// The same of some rows of `stride` bytes, by ascending number: in few large reads, with what lies between them where
// that is little.
void will_need(std::span<const std::byte> rows, std::size_t stride, std::span<const std::uint32_t> some) noexcept;

// Read them now, and wait. `path` is for the error.
base::Result<void> populate(std::span<const std::byte> bytes, const std::string& path);

// Keep them where they are until they are unmapped, as far as this process may: RLIMIT_MEMLOCK. Read them first.
void lock(std::span<const std::byte> bytes) noexcept;

std::size_t page_bytes() noexcept;

}  // namespace nearfile::file
