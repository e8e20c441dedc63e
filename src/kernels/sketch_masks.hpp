// What sketch_below writes, a group after the other. In an anonymous namespace, as batch.hpp says why.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/ones.hpp"

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
        n_ += n_ones(mask_);
        mask_ = 0;
        shift_ = 0;
    }

    std::uint64_t* out_;
    std::uint64_t mask_ = 0;
    unsigned shift_ = 0;
    std::size_t n_ = 0;
};

}  // namespace
}  // namespace nearfile::kernels
