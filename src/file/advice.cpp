#include "file/advice.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "file/os_error.hpp"
#include "file/pages.hpp"

namespace nearfile::file {
namespace {

// All that `bytes` touch.
Pages touched(std::span<const std::byte> bytes) noexcept {
    auto* const start = const_cast<std::byte*>(bytes.data());
    const std::size_t before = reinterpret_cast<std::uintptr_t>(start) % page_bytes();
    return {start - before, bytes.size() + before};
}

// Those that `bytes` fill.
Pages filled(std::span<const std::byte> bytes) noexcept {
    const std::size_t page = page_bytes();
    const std::size_t before = (page - reinterpret_cast<std::uintptr_t>(bytes.data()) % page) % page;
    if (bytes.size() < before) return {nullptr, 0};
    return {const_cast<std::byte*>(bytes.data()) + before, (bytes.size() - before) / page * page};
}

void advise(const Pages& pages, Expected what) noexcept {
    if (pages.bytes > 0) tell(pages, what);
}

base::Result<void> wait_for(std::span<const std::byte> bytes, const std::string& path) {
    const int code = read_now(touched(bytes));
    if (code == 0) return {};
    if (code == EIO) {  // what would end the process below
        return os_error("cannot read " + std::to_string(bytes.size()) + " bytes of " + quoted(path), code,
                        "check the disk, and that nobody cuts the file short");
    }
    constexpr std::size_t smallest_page = 4096;
    const volatile std::byte* const read = bytes.data();
    for (std::size_t at = 0; at < bytes.size(); at += smallest_page) (void)read[at];
    (void)read[bytes.size() - 1];
    return {};
}

}  // namespace

void expect_random(std::span<const std::byte> bytes) noexcept {
    advise(filled(bytes), Expected::random);
}

void expect_usual(std::span<const std::byte> bytes) noexcept {
    advise(filled(bytes), Expected::usual);
}

void will_need(std::span<const std::byte> bytes) noexcept {
    // Linux reads no more at once than its read-ahead, and forgets the rest: 128 KiB is what it has by default.
    constexpr std::size_t most = 128 << 10;
    while (!bytes.empty()) {
        advise(touched(bytes.first(std::min(most, bytes.size()))), Expected::soon);
        bytes = bytes.subspan(std::min(most, bytes.size()));
    }
}

void will_need(std::span<const std::byte> rows, std::size_t stride, std::span<const std::uint32_t> some) noexcept {
    constexpr std::size_t little = std::size_t{64} << 10;
    for (std::size_t i = 0; i < some.size();) {
        const std::size_t begin = some[i] * stride;
        std::size_t end = begin + stride;
        while (++i < some.size() && some[i] * stride <= end + little) end = (some[i] + std::size_t{1}) * stride;
        will_need(rows.subspan(begin, end - begin));
    }
}

void lock(std::span<const std::byte> bytes) noexcept {
    const Pages pages = touched(bytes);
    if (pages.bytes > 0) keep_in_memory(pages);
}

base::Result<void> populate(std::span<const std::byte> bytes, const std::string& path) {
    // Piece by piece, so that where a page is read by itself many are on their way, and no more than there is room for.
    constexpr std::size_t piece = 4 << 20;
    while (!bytes.empty()) {
        const auto some = bytes.first(std::min(piece, bytes.size()));
        bytes = bytes.subspan(some.size());
        will_need(some);
        auto done = wait_for(some, path);
        if (!done.ok()) return done;
    }
    return {};
}

}  // namespace nearfile::file
