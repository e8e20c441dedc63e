#include "machine.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/random.hpp"

// Reading has to be as wide as the machine can, or the limit would be that of narrow loads.
#if defined(__x86_64__) && defined(__linux__)
#define NEARFILE_WIDEST [[gnu::target_clones("default", "avx2", "avx512f"), gnu::noinline]]
#else
#define NEARFILE_WIDEST [[gnu::noinline]]
#endif

namespace nearfile::bench {
namespace {

// Where sums go, so that they are not optimised away.
volatile std::uint64_t sink;

// A loop over constants, because that is what compilers turn into the widest loads of each instruction set.
NEARFILE_WIDEST std::uint64_t sum(const std::uint64_t* words, std::size_t count) {
    constexpr std::size_t at_once = 32;
    std::uint64_t sums[at_once] = {};
    for (std::size_t i = 0; i + at_once <= count; i += at_once)
        for (std::size_t w = 0; w < at_once; ++w) sums[w] += words[i + w];
    std::uint64_t all = 0;
    for (const std::uint64_t one : sums) all += one;
    return all;
}

struct Lines {
    const char* first;
    std::size_t count;
};

Lines lines_of(const char* row, std::size_t reach) {
    const std::size_t before = reinterpret_cast<std::uintptr_t>(row) % line;
    return {row - before, (before + reach + line - 1) / line};
}

}  // namespace

Memory::Memory(std::size_t bytes) : size_(bytes) {
    const std::size_t rounded = bytes + kernels::code_overread;
    void* block = mmap(nullptr, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) {
        std::fprintf(stderr, "memory: expected %zu bytes, the system gives less; take a smaller --megabytes\n",
                     rounded);
        std::exit(1);
    }
#if defined(MADV_NOHUGEPAGE)
    madvise(block, rounded, MADV_NOHUGEPAGE);
#endif
    data_ = static_cast<char*>(block);
    base::Random random(1);
    for (std::size_t i = 0; i + 8 <= rounded; i += 8) {
        // 0x3c to 0x3f in every byte: neither NaN nor subnormal however long a value is.
        const std::uint64_t value = 0x3c3c3c3c3c3c3c3cU | (random.next() & 0x0303030303030303U);
        std::memcpy(data_ + i, &value, sizeof value);
    }
}

Memory::~Memory() {
    munmap(data_, size_ + kernels::code_overread);
}

double Rows::lines_a_row() const {
    if (ids.empty()) return static_cast<double>(stride) / line;
    std::size_t n = 0;
    for (const kernels::ItemId id : ids) n += lines_of(data + stride * id, reach).count;
    return static_cast<double>(n) / static_cast<double>(ids.size());
}

void read_rows(const Rows& rows, std::size_t ahead) {
    if (rows.ids.empty()) {
        const Lines all = lines_of(rows.data, rows.count * rows.stride);
        sink = sum(reinterpret_cast<const std::uint64_t*>(all.first), all.count * (line / sizeof(std::uint64_t)));
        return;
    }
    const auto each_line = [&](std::size_t j, auto&& visit) {
        const Lines lines = lines_of(rows.data + rows.stride * rows.ids[j], rows.reach);
        for (std::size_t i = 0; i < lines.count; ++i) visit(lines.first + i * line);
    };
    std::uint64_t found = 0;
    for (std::size_t j = 0; j < rows.count; ++j) {
        if (j + ahead < rows.count) each_line(j + ahead, [](const char* at) { __builtin_prefetch(at); });
        each_line(j, [&](const char* at) { found += static_cast<unsigned char>(*at); });
    }
    sink = found;
}

double dependent_latency(const Memory& memory) {
    const auto lines = static_cast<std::uint32_t>(memory.size() / line);
    constexpr std::size_t steps = 100'000;
    base::Random random(2);
    std::uint32_t at = 0;
    const double seconds = seconds_of(
        [&] {
            for (std::size_t i = 0; i < steps; ++i) {
                std::uint32_t found;
                std::memcpy(&found, memory.data() + std::size_t(at) * line, sizeof found);
                // The next place waits for what was read: for a bit that is never set, as no compiler knows.
                at = random.below(lines) | (found & 0x80U);
            }
            sink = at;
        },
        0.05);
    return seconds / steps * 1e9;
}

}  // namespace nearfile::bench
