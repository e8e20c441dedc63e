// A small deterministic random generator: SplitMix64 (Steele, Lea, Flood 2014), one 64-bit word of state, the same
// numbers on every machine, and cheap to seed afresh for every tree and every node.
#pragma once

#include <cstdint>

namespace nearfile::base {

class Random {
public:
    explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

    std::uint64_t next() noexcept {
        state_ += 0x9e3779b97f4a7c15u;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }

    // 0 <= result < bound, for bound > 0. Multiply-shift (Lemire 2019) without its rejection step: the bias is below
    // bound / 2^32, of no matter for sampling.
    std::uint32_t below(std::uint32_t bound) noexcept {
        return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32);
    }

private:
    std::uint64_t state_;
};

// A seed of its own for part `part` of something seeded with `seed`.
inline std::uint64_t derive_seed(std::uint64_t seed, std::uint64_t part) noexcept {
    Random mixed(seed ^ (part * 0xd1342543de82ef95u));
    mixed.next();
    return mixed.next();
}

}  // namespace nearfile::base
