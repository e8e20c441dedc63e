#include "bytes.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace nearfile::fuzz {

std::size_t below(Random& random, std::size_t bound) {
    return bound == 0 ? 0 : random.next() % bound;
}

std::uint64_t telling_number(Random& random, std::uint64_t count, std::uint64_t size) {
    const std::uint64_t numbers[] = {
        0,          1,          2,          127,
        128,        255,        256,        0xffff,
        0x10000,    0xfffffe,   0xffffff,   0x1000000,
        0x7ffffffe, 0x7fffffff, 0x80000000, 0xfffffffe,
        0xffffffff, 0x3f800000, 0xbf800000, 0x7f7fffff,
        0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001,
        0x7c00,     0xfc00,     0x7e00,     0x7bff,
        count - 1,  count,      count + 1,  count / 2,
        count * 2,  size - 1,   size,       size + 1,
        size - 64,  size + 64,  1ull << 32, 1ull << 40,
        1ull << 63, ~0ull,      ~0ull - 63, 0x7ff0ull << 48,
    };
    return numbers[below(random, std::size(numbers))];
}

void put_number(std::span<std::byte> bytes, std::size_t at, std::uint64_t count, Random& random) {
    constexpr std::size_t widths[] = {1, 2, 4, 4, 4, 4, 8, 8};  // most that stand in a file have four
    const std::size_t width = widths[below(random, std::size(widths))];
    at = at / width * width;
    if (at + width > bytes.size()) return;
    std::uint64_t number = 0;
    std::memcpy(&number, bytes.data() + at, width);
    if (below(random, 3) == 0) {
        number += below(random, 129) - 64;
    } else {
        number = telling_number(random, count, bytes.size());
    }
    std::memcpy(bytes.data() + at, &number, width);  // little-endian, as the file
}

void scratch(std::span<std::byte> bytes, std::size_t at, Random& random) {
    if (at >= bytes.size()) return;
    const std::size_t most = bytes.size() - at;
    const std::size_t length = 1 + below(random, std::min<std::size_t>(most, below(random, 8) == 0 ? most : 64));
    const auto run = bytes.subspan(at, length);
    switch (below(random, 6)) {
        case 0:
            run.front() ^= std::byte{1} << below(random, 8);
            break;
        case 1:
            run.front() = static_cast<std::byte>(random.next());
            break;
        case 2:
            std::fill(run.begin(), run.end(), std::byte{0});
            break;
        case 3:
            std::fill(run.begin(), run.end(), std::byte{0xff});
            break;
        case 4:
            for (std::byte& byte : run) byte = static_cast<std::byte>(random.next());
            break;
        default:
            std::memmove(run.data(), bytes.data() + below(random, bytes.size() - length + 1), length);
    }
}

}  // namespace nearfile::fuzz
