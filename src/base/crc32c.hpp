// CRC-32C (Castagnoli), the checksum of iSCSI and of every section of a nearfile. Hardware where the processor has it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace nearfile::base {

// Continue `crc` (0 to start) over `bytes`. crc32c of "123456789" is 0xe3069283.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc = 0) noexcept;

}  // namespace nearfile::base
