#include "base/crc32c.hpp"

#include <array>

#include "base/crc32c_impl.hpp"

namespace nearfile::base {
namespace detail {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;  // Castagnoli's, lowest bit first

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

// tables[i][b]: what byte b leaves behind once i more zero bytes have followed it.
constexpr Tables make_tables() {
    Tables tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
        tables[0][byte] = crc;
    }
    for (std::size_t i = 1; i < 8; ++i) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t before = tables[i - 1][byte];
            tables[i][byte] = (before >> 8) ^ tables[0][before & 0xff];
        }
    }
    return tables;
}

constexpr Tables tables = make_tables();

// A processor, or an emulator, that computes it wrongly would make every file look damaged: it is asked first. The
// string is long enough for every path of the hardware ones: three interleaved streams of every length, and the tail.
bool right(Crc32c candidate) noexcept {
    std::array<std::byte, 53'000> sample;
    for (std::size_t i = 0; i < sample.size(); ++i) sample[i] = static_cast<std::byte>((i * 2654435761U) >> 13 & 0xff);
    const std::byte* const start = sample.data() + 1;
    const std::size_t size = sample.size() - 6;
    const char* const digits = "123456789";
    return candidate(reinterpret_cast<const std::byte*>(digits), 9, 0) == 0xe3069283 &&
           candidate(start, size, 0) == crc32c_portable(start, size, 0);
}

// Polynomials modulo Castagnoli's, the highest power in the lowest bit.
constexpr std::uint32_t one = 0x80000000;
constexpr std::uint32_t byte = one >> 8;  // x^8: what a byte more is multiplied by

constexpr std::uint32_t times(std::uint32_t a, std::uint32_t b) {
    std::uint32_t product = 0;
    for (; a != 0; a <<= 1) {
        if ((a & one) != 0) product ^= b;
        b = (b >> 1) ^ ((b & 1) != 0 ? polynomial : 0);
    }
    return product;
}

Crc32c choose() noexcept {
    for (const Crc32c candidate : {crc32c_sse42(), crc32c_arm()}) {
        if (candidate != nullptr && right(candidate)) return candidate;
    }
    return crc32c_portable;
}

}  // namespace

std::uint32_t crc32c_portable(const std::byte* data, std::size_t size, std::uint32_t crc) noexcept {
    crc = ~crc;
    for (; size >= 8; size -= 8, data += 8) {
        std::array<std::uint32_t, 8> b;
        for (std::size_t i = 0; i < 8; ++i) b[i] = std::to_integer<std::uint32_t>(data[i]);
        const std::uint32_t first = crc ^ (b[0] | b[1] << 8 | b[2] << 16 | b[3] << 24);
        crc = tables[7][first & 0xff] ^ tables[6][first >> 8 & 0xff] ^ tables[5][first >> 16 & 0xff] ^
              tables[4][first >> 24] ^ tables[3][b[4]] ^ tables[2][b[5]] ^ tables[1][b[6]] ^ tables[0][b[7]];
    }
    for (; size > 0; --size, ++data) crc = (crc >> 8) ^ tables[0][(crc ^ std::to_integer<std::uint32_t>(*data)) & 0xff];
    return ~crc;
}

Crc32c crc32c_chosen() noexcept {
    static const Crc32c chosen = choose();
    return chosen;
}

}  // namespace detail

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc) noexcept {
    return detail::crc32c_chosen()(bytes.data(), bytes.size(), crc);
}

std::uint32_t crc32c_joined(std::uint32_t first, std::uint32_t second, std::uint64_t length) noexcept {
    std::uint32_t shift = detail::one;
    for (std::uint32_t power = detail::byte; length != 0; length >>= 1) {
        if ((length & 1) != 0) shift = detail::times(shift, power);
        power = detail::times(power, power);
    }
    return detail::times(shift, first) ^ second;
}

}  // namespace nearfile::base
