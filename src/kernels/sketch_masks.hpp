// What sketch_below writes, a group after the other. In an anonymous namespace, as batch.hpp says why; hence no
// std::popcount.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nearfile::kernels {
namespace {

class SketchMasks {
public:
    [[gnu::always_inline]] explicit SketchMasks(std::uint64_t* out) : out_(out) {}

    // The 16 bits of the next group.
    [[gnu::always_inline]] void add(std::uint64_t group) {
        mask_ |= group << shift_;
        shift_ += 16;
        if (shift_ == 64) write();
    }

    // Returns how many bits are set.
    [[gnu::always_inline]] std::size_t finish() {
        if (shift_ != 0) write();
        return n_;
    }

private:
    [[gnu::always_inline]] void write() {
        *out_++ = mask_;
        n_ += count_of(mask_);
        mask_ = 0;
        shift_ = 0;
    }

    // In pairs, in fours, in bytes; compilers know it, and use an instruction where there is one.
    [[gnu::always_inline]] static std::size_t count_of(std::uint64_t bits) {
        bits -= bits >> 1 & 0x5555555555555555u;
        bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
        bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fu;
        return bits * 0x0101010101010101u >> 56;
    }

    std::uint64_t* out_;
    std::uint64_t mask_ = 0;
    unsigned shift_ = 0;
    std::size_t n_ = 0;
};

}  // namespace
}  // namespace nearfile::kernels
