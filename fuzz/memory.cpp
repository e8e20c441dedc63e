#include "memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NEARFILE_POISON
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define NEARFILE_POISON
#endif
#if defined(NEARFILE_POISON)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(start, size) ((void)(start), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(start, size) ((void)(start), (void)(size))
#endif

namespace nearfile::fuzz {
namespace {

constexpr std::size_t alignment = 64;

}  // namespace

Guarded::Guarded(std::span<const std::byte> bytes) : size_(bytes.size()) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t room = (size_ + alignment - 1) / alignment * alignment;
    mapped_ = (room + page - 1) / page * page;
    void* const map = ::mmap(nullptr, mapped_ + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) throw std::bad_alloc();
    auto* const first = static_cast<std::byte*>(map);
    std::byte* const start = first + mapped_ - room;
    if (size_ > 0) std::memcpy(start, bytes.data(), size_);
    ASAN_POISON_MEMORY_REGION(start + size_, room - size_);
    ::mprotect(first + mapped_, page, PROT_NONE);
    if (mapped_ > 0) ::mprotect(first, mapped_, PROT_READ);
    const std::size_t mapped = mapped_;
    start_ = {start, [=](std::byte* at) {
                  ASAN_UNPOISON_MEMORY_REGION(at, room);
                  ::munmap(first, mapped + page);
              }};
}

std::span<std::byte> Guarded::writable() {
    if (mapped_ > 0) {
        const std::size_t room = (size_ + alignment - 1) / alignment * alignment;
        ::mprotect(start_.get() + room - mapped_, mapped_, PROT_READ | PROT_WRITE);
    }
    return {start_.get(), size_};
}

}  // namespace nearfile::fuzz
