// CRC-32C with the crc32c instructions of ARMv8. They are spelled as assembly, because compilers differ on whether the
// intrinsics exist in a file that is not compiled for them; the rest of the library must run without.
#include "base/crc32c_impl.hpp"

#if defined(__aarch64__) && defined(__GNUC__)
#include <cstring>
#if defined(__linux__)
#include <sys/auxv.h>
#endif

namespace nearfile::base::detail {
namespace {

inline std::uint32_t step(std::uint32_t crc, std::uint64_t word) {
    __asm__(".arch_extension crc\n\tcrc32cx %w0, %w0, %x1" : "+r"(crc) : "r"(word));
    return crc;
}

inline std::uint32_t step(std::uint32_t crc, unsigned char byte) {
    __asm__(".arch_extension crc\n\tcrc32cb %w0, %w0, %w1" : "+r"(crc) : "r"(static_cast<std::uint32_t>(byte)));
    return crc;
}

std::uint32_t run(const std::byte* data, std::size_t size, std::uint32_t start) noexcept {
    std::uint32_t crc = ~start;
    for (; size >= 8; size -= 8, data += 8) {
        std::uint64_t word;
        std::memcpy(&word, data, sizeof word);
        crc = step(crc, word);
    }
    for (; size > 0; --size, ++data) crc = step(crc, std::to_integer<unsigned char>(*data));
    return ~crc;
}

}  // namespace

Crc32c crc32c_arm() noexcept {
#if defined(__linux__)
    constexpr unsigned long has_crc32 = 1UL << 7;  // HWCAP_CRC32
    return (getauxval(AT_HWCAP) & has_crc32) != 0 ? run : nullptr;
#elif defined(__APPLE__)
    return run;  // every Apple processor of this architecture has them
#else
    return nullptr;
#endif
}

}  // namespace nearfile::base::detail

#else

namespace nearfile::base::detail {
Crc32c crc32c_arm() noexcept {
    return nullptr;
}
}  // namespace nearfile::base::detail

#endif
