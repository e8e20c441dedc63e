#include "base/crc32c.hpp"

#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/crc32c_impl.hpp"
#include "check.hpp"

namespace {

using nearfile::base::crc32c;
namespace detail = nearfile::base::detail;

std::vector<detail::Crc32c> implementations() {
    std::vector<detail::Crc32c> all = {detail::crc32c_portable};
    for (const detail::Crc32c hardware : {detail::crc32c_sse42(), detail::crc32c_arm()}) {
        if (hardware != nullptr) all.push_back(hardware);
    }
    return all;
}

std::vector<std::byte> noise(std::size_t size) {
    std::vector<std::byte> bytes(size);
    std::uint32_t state = 12345;
    for (std::byte& byte : bytes) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<std::byte>(state >> 24);
    }
    return bytes;
}

}  // namespace

// RFC 3720, B.4, and the check value of every catalogue of checksums.
TEST(crc32c_of_known_strings) {
    std::array<std::byte, 32> zeros{};
    std::array<std::byte, 32> ones;
    std::array<std::byte, 32> rising;
    std::array<std::byte, 32> falling;
    ones.fill(std::byte{0xff});
    for (std::size_t i = 0; i < 32; ++i) {
        rising[i] = static_cast<std::byte>(i);
        falling[i] = static_cast<std::byte>(31 - i);
    }
    const std::array<unsigned char, 48> read_command = {0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0,
                                                        0x14, 0,    0, 0, 0, 0, 4, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18,
                                                        0x28, 0,    0, 0, 0, 0, 0, 0, 2, 0, 0, 0,    0, 0, 0, 0};
    for (const detail::Crc32c crc : implementations()) {
        CHECK(crc(zeros.data(), 32, 0) == 0x8a9136aa);
        CHECK(crc(ones.data(), 32, 0) == 0x62a8ab43);
        CHECK(crc(rising.data(), 32, 0) == 0x46dd794e);
        CHECK(crc(falling.data(), 32, 0) == 0x113fdb5c);
        CHECK(crc(reinterpret_cast<const std::byte*>(read_command.data()), 48, 0) == 0xd9963a56);
        CHECK(crc(nullptr, 0, 0) == 0);
        CHECK(crc(nullptr, 0, 0x1234) == 0x1234);
    }
    const std::string_view digits = "123456789";
    CHECK(crc32c(std::as_bytes(std::span(digits))) == 0xe3069283);
}

TEST(crc32c_continues_from_any_split) {
    const std::vector<std::byte> bytes = noise(4000);
    const std::span<const std::byte> all(bytes);
    const std::uint32_t whole = crc32c(all);
    for (std::size_t split = 0; split <= bytes.size(); ++split) {
        CHECK(crc32c(all.subspan(split), crc32c(all.first(split))) == whole);
    }
}

TEST(crc32c_of_the_hardware_is_that_of_the_portable_one) {
    const std::vector<std::byte> bytes = noise(110'000);
    std::vector<std::size_t> sizes;
    for (std::size_t size = 0; size < 1200; ++size) sizes.push_back(size);
    for (const std::size_t block : {3072UL, 6144UL, 49152UL, 98304UL}) {
        for (std::size_t size = block - 9; size < block + 10; ++size) sizes.push_back(size);
    }
    for (std::size_t size = 1300; size < 100'000; size += 1777) sizes.push_back(size);
    for (const detail::Crc32c crc : implementations()) {
        for (const std::size_t size : sizes) {
            for (std::size_t start = 0; start < (size < 1200 ? 16U : 3U); ++start) {
                const auto seed = static_cast<std::uint32_t>(size * 2654435761U);
                const std::uint32_t expected = detail::crc32c_portable(bytes.data() + start, size, seed);
                CHECK(crc(bytes.data() + start, size, seed) == expected);
            }
        }
    }
}

// Where the machine has the instructions they must also be the ones that run.
TEST(crc32c_uses_the_hardware) {
    const std::vector<detail::Crc32c> all = implementations();
    CHECK(detail::crc32c_chosen() == all.back());
}

TEST(crc32c_joined_is_that_of_the_whole) {
    const std::vector<std::byte> bytes = noise(10'000);
    const std::span<const std::byte> all(bytes);
    for (const std::size_t at : {0, 1, 7, 64, 4096, 9'999, 10'000}) {
        const auto first = all.first(at);
        const auto second = all.subspan(at);
        CHECK(nearfile::base::crc32c_joined(crc32c(first), crc32c(second), second.size()) == crc32c(all));
    }
}
