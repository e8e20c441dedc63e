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

}  // namespace nearfile::file
