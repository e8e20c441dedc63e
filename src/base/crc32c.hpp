// CRC-32C (Castagnoli), the checksum of iSCSI and of every section of a nearfile. Hardware where the processor has it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace nearfile::base {

// Continue `crc` (0 to start) over `bytes`. crc32c of "123456789" is 0xe3069283.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc = 0) noexcept;

// Of two strings one after the other, from what each has by itself; `length` is the second one's, in bytes.
std::uint32_t crc32c_joined(std::uint32_t first, std::uint32_t second, std::uint64_t length) noexcept;

}  // namespace nearfile::base
