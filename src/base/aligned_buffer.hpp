// Owned zeroed bytes that start at a multiple of 64, with 64 readable zero bytes after the end, so that kernels may
// read past the last row. Allocation failure is an empty buffer with ok() false, not an exception.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <utility>

namespace nearfile::base {

class AlignedBuffer {
public:
    static constexpr std::size_t alignment = 64;
    static constexpr std::size_t slack = 64;

    AlignedBuffer() = default;
    explicit AlignedBuffer(std::size_t bytes) : size_(bytes) {
        const std::size_t needed = bytes + slack + alignment;
        if (needed < bytes) return;  // overflow: ok() stays false
        // Of many bytes the system gives pages that are zero already: they are touched first by who fills them, on
        // whichever thread.
        block_ = std::calloc(needed, 1);
        if (block_ == nullptr) return;
        const auto at = reinterpret_cast<std::uintptr_t>(block_);
        data_ = static_cast<std::byte*>(block_) + ((at + alignment - 1) / alignment * alignment - at);
    }
    ~AlignedBuffer() { std::free(block_); }

    // To `bytes`, which are more; what is there stays, and what comes after it is anything, to be written to. False
    // where there is no memory, and nothing has changed. The system moves many bytes without copying them.
    bool grow(std::size_t bytes) noexcept {
        const std::size_t needed = bytes + slack + alignment;
        if (needed < bytes) return false;
        const std::size_t filled = data_ == nullptr ? 0 : size_;
        const auto before = static_cast<std::size_t>(data_ - static_cast<std::byte*>(block_));
        void* const block = std::realloc(block_, needed);
        if (block == nullptr) return false;
        block_ = block;
        const auto at = reinterpret_cast<std::uintptr_t>(block_);
        data_ = static_cast<std::byte*>(block_) + ((at + alignment - 1) / alignment * alignment - at);
        const std::byte* const stayed = static_cast<std::byte*>(block_) + before;
        if (filled > 0 && stayed != data_) std::memmove(data_, stayed, filled);
        size_ = bytes;
        std::memset(data_ + bytes, 0, slack);
        return true;
    }
    AlignedBuffer(const AlignedBuffer&) = delete;
    AlignedBuffer& operator=(const AlignedBuffer&) = delete;
    AlignedBuffer(AlignedBuffer&& other) noexcept
        : block_(std::exchange(other.block_, nullptr)),
          data_(std::exchange(other.data_, nullptr)),
          size_(std::exchange(other.size_, 0)) {}
    AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
        std::swap(block_, other.block_);
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }

    bool ok() const noexcept { return data_ != nullptr; }
    std::size_t size() const noexcept { return size_; }
    std::byte* data() noexcept { return data_; }
    const std::byte* data() const noexcept { return data_; }
    std::span<std::byte> bytes() noexcept { return {data_, size_}; }
    std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }

    template <class T>
    std::span<T> as() noexcept {
        return {reinterpret_cast<T*>(data_), size_ / sizeof(T)};
    }
    template <class T>
    std::span<const T> as() const noexcept {
        return {reinterpret_cast<const T*>(data_), size_ / sizeof(T)};
    }

private:
    void* block_ = nullptr;
    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

// The same for those that cannot go on without: std::bad_alloc.
inline AlignedBuffer allocate(std::size_t bytes) {
    AlignedBuffer buffer(bytes);
    if (!buffer.ok()) throw std::bad_alloc();
    return buffer;
}

}  // namespace nearfile::base
