// Bytes to damage, and the damage that needs no knowledge of what they mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/random.hpp"

namespace nearfile::fuzz {

using base::Random;
using Bytes = std::vector<std::byte>;

// What one mutation made of a whole file.
struct Damaged {
    Bytes bytes;
    std::size_t file = 0;  // of the corpus, that it was
    std::string story;     // what was done to it, for whoever reads a finding
};

// 0 where bound is.
std::size_t below(Random& random, std::size_t bound);

// A number that tends to be a border of something in a file of `count` items and `size` bytes: 0, the last item, one
// past it, three bytes of ones, no number, infinity. The upper half is zero or the continuation of the lower.
std::uint64_t telling_number(Random& random, std::uint64_t count, std::uint64_t size);

// A value of 1, 2, 4 or 8 bytes at `at`, down to its alignment, replaced by a telling number or one nearby. Outside of
// `bytes` nothing happens.
void put_number(std::span<std::byte> bytes, std::size_t at, std::uint64_t count, Random& random);

// A bit, a byte, or a run from `at` on: of zeros, ones, noise, or bytes from elsewhere.
void scratch(std::span<std::byte> bytes, std::size_t at, Random& random);

}  // namespace nearfile::fuzz
