// Where allocate() has large buffers made while one of these is in charge of a thread. A build that may not fill the
// memory has them made of files, which the system writes out when it needs the room; everything else stays as it is.
#pragma once

#include <cstddef>

#include "base/aligned_buffer.hpp"

namespace nearfile::base {

class LargeBuffers {
public:
    // Smaller ones are from the memory in any case.
    static constexpr std::size_t least = std::size_t{64} << 10;

    virtual ~LargeBuffers() = default;
    // As AlignedBuffer(bytes) makes them. Throws what tells the caller why there is none.
    virtual AlignedBuffer make(std::size_t bytes) = 0;
};

// Puts `buffers` in charge of this thread, or nobody where null, until it goes. What was made stays where it is.
class LargeBuffersFrom {
public:
    explicit LargeBuffersFrom(LargeBuffers* buffers) noexcept;
    ~LargeBuffersFrom();
    LargeBuffersFrom(const LargeBuffersFrom&) = delete;
    LargeBuffersFrom& operator=(const LargeBuffersFrom&) = delete;

private:
    LargeBuffers* before_;
};

}  // namespace nearfile::base
