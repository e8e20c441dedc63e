#include "file/advice.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace nearfile::file {
namespace {

void advise(std::span<const std::byte> bytes, int advice) noexcept {
    if (bytes.empty()) return;
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data()) / page * page;
    const auto end = reinterpret_cast<std::uintptr_t>(bytes.data()) + bytes.size();
    ::madvise(reinterpret_cast<void*>(begin), end - begin, advice);
}

}  // namespace

void expect_random(std::span<const std::byte> bytes) noexcept {
    advise(bytes, MADV_RANDOM);
}

void expect_in_order(std::span<const std::byte> bytes) noexcept {
    advise(bytes, MADV_NORMAL);
}

void expect_soon(std::span<const std::byte> bytes) noexcept {
    advise(bytes, MADV_WILLNEED);
}

void expect_soon(std::span<const std::byte> rows, std::size_t stride, std::span<const std::uint32_t> some) noexcept {
    constexpr std::size_t little = std::size_t{64} << 10;
    for (std::size_t i = 0; i < some.size();) {
        const std::size_t begin = some[i] * stride;
        std::size_t end = begin + stride;
        while (++i < some.size() && some[i] * stride <= end + little) end = (some[i] + std::size_t{1}) * stride;
        expect_soon(rows.subspan(begin, end - begin));
    }
}

}  // namespace nearfile::file
