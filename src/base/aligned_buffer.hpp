// Owned zeroed bytes that start at a multiple of 64, with 64 readable zero bytes after the end, so that kernels may
// read past the last row. Allocation failure is an empty buffer with ok() false, not an exception. allocate() is for
// those that cannot go on without, and takes large buffers from where the thread was told to (large_buffers.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
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
    // Such memory as somebody else made: zeroed, at a multiple of 64, with the bytes after its end. `release` takes it
    // back, and is told what it needs to know for it.
    using Release = void (*)(std::byte* data, std::size_t size, std::intptr_t from);
    AlignedBuffer(std::byte* data, std::size_t bytes, Release release, std::intptr_t from = 0) noexcept
        : block_(data), data_(data), size_(bytes), release_(release), from_(from) {}
    ~AlignedBuffer() {
        if (release_ != nullptr) {
            release_(data_, size_, from_);
        } else {
            std::free(block_);
        }
    }

    // To `bytes`, which are more; what is there stays, and what comes after it is anything, to be written to. False
    // where there is no memory, or that of somebody else, and nothing has changed. The system moves many bytes without
    // copying them.
    bool grow(std::size_t bytes) noexcept {
        const std::size_t needed = bytes + slack + alignment;
        if (needed < bytes || release_ != nullptr) return false;
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
          size_(std::exchange(other.size_, 0)),
          release_(std::exchange(other.release_, nullptr)),
          from_(other.from_) {}
    AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
        std::swap(block_, other.block_);
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(release_, other.release_);
        std::swap(from_, other.from_);
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
    Release release_ = nullptr;  // of memory that was not made here
    std::intptr_t from_ = 0;
};

// Throws std::bad_alloc, or what the thread's large buffers throw.
AlignedBuffer allocate(std::size_t bytes);

}  // namespace nearfile::base
