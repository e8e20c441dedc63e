// What the fuzzers share: damage to bytes, and the loop that does it by the thousand. README.md says how to run them.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iterator>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "base/random.hpp"

namespace nearfile::fuzz {

using base::Random;
using Bytes = std::vector<std::byte>;

[[noreturn]] inline void fail(const std::string& what) {
    std::fprintf(stderr, "%s\n", what.c_str());
    std::abort();
}

inline std::size_t below(Random& random, std::size_t bound) {
    return random.below(static_cast<std::uint32_t>(bound));
}

// Aligned as a mapping is, with nothing behind the end, so that a sanitizer sees whoever reads there.
inline std::shared_ptr<std::byte> aligned_copy(const Bytes& bytes) {
    const auto release = [](std::byte* data) { ::operator delete(data, std::align_val_t(64)); };
    void* data = ::operator new(std::max<std::size_t>(bytes.size(), 1), std::align_val_t(64));
    std::memcpy(data, bytes.data(), bytes.size());
    return {static_cast<std::byte*>(data), release};
}

// One damage to a run of at most 16 bytes at `at`, or now and then to everything after it. The size stays.
inline void damage_at(std::byte* bytes, std::size_t size, std::size_t at, Random& random) {
    const std::size_t most = size - at;
    const std::size_t length = 1 + below(random, std::min<std::size_t>(most, below(random, 4) == 0 ? most : 16));
    constexpr std::uint32_t telling[] = {0, 1, 2, 127, 128, 0x7f800000, 0x7fc00000, 0x7fffffff, 0x80000000, 0xffffffff};
    switch (below(random, 7)) {
        case 0:
            bytes[at] ^= std::byte{1} << below(random, 8);
            break;
        case 1:
            std::fill_n(bytes + at, length, std::byte{0});
            break;
        case 2:
            std::fill_n(bytes + at, length, std::byte{0xff});
            break;
        case 3:
            std::memmove(bytes + at, bytes + below(random, size - length + 1), length);
            break;
        case 4:
            for (std::size_t i = 0; i < length; ++i) bytes[at + i] = static_cast<std::byte>(random.next());
            break;
        default: {
            const std::size_t field = at / 4 * 4;
            if (field + 4 > size) break;
            std::uint32_t value;
            std::memcpy(&value, bytes + field, sizeof value);
            const auto nearby = static_cast<std::uint32_t>(value + below(random, 129) - 64);
            value = below(random, 2) == 0 ? telling[below(random, std::size(telling))] : nearby;
            std::memcpy(bytes + field, &value, sizeof value);
        }
    }
}

// `mutate_and_use(seed)` says whether the damaged file opened. The arguments are the number of mutations and the seed.
inline int run(int argc, char** argv, const std::function<bool(std::uint64_t)>& mutate_and_use) {
    const std::uint64_t mutations = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1000;
    const auto now = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : now;
    std::printf("%llu mutations, seed %llu\n", static_cast<unsigned long long>(mutations),
                static_cast<unsigned long long>(seed));
    std::fflush(stdout);
    std::uint64_t opened = 0;
    for (std::uint64_t i = 0; i < mutations; ++i) {
        // Printed before, because a crash does not come back to tell.
        std::fprintf(stderr, "\rseed %llu", static_cast<unsigned long long>(seed + i));
        const auto before = std::chrono::steady_clock::now();
        opened += mutate_and_use(seed + i) ? 1 : 0;
        if (std::chrono::steady_clock::now() - before > std::chrono::seconds(10)) fail(" takes more than ten seconds");
    }
    std::fprintf(stderr, "\n");
    std::printf("%llu opened and answered in full, the others were refused\n", static_cast<unsigned long long>(opened));
    return 0;
}

}  // namespace nearfile::fuzz
