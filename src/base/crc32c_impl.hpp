// The implementations behind crc32c(), one per instruction set. Only crc32c.cpp and the test that compares them include
// this. All take and return finished checksums (0 to start), keep no state and may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nearfile::base::detail {

using Crc32c = std::uint32_t (*)(const std::byte* data, std::size_t size, std::uint32_t crc) noexcept;

// Slicing by eight: any machine.
std::uint32_t crc32c_portable(const std::byte* data, std::size_t size, std::uint32_t crc) noexcept;

// x86-64 with SSE4.2 and PCLMULQDQ. Null where this machine has not both.
Crc32c crc32c_sse42() noexcept;

// ARMv8 with the CRC32 instructions. Null where this machine has them not.
Crc32c crc32c_arm() noexcept;

// What crc32c() calls: the fastest that gives the right answer on a known string.
Crc32c crc32c_chosen() noexcept;

}  // namespace nearfile::base::detail
