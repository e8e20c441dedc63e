// Four numbers at once, each calculated as by itself: with the vectors of GCC and Clang, and without them as arrays,
// which give the same bits. sketch.cpp writes tables with them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nearfile::codes {

inline constexpr std::size_t lanes = 4;

namespace arrays {

template <class T>
struct Four {
    T v[lanes];

    template <class Combine>
    friend Four each(const Four& a, const Four& b, const Combine& combine) noexcept {
        return {combine(a.v[0], b.v[0]), combine(a.v[1], b.v[1]), combine(a.v[2], b.v[2]), combine(a.v[3], b.v[3])};
    }
    friend Four operator+(const Four& a, const Four& b) noexcept {
        return each(a, b, [](T one, T other) { return one + other; });
    }
    friend Four operator+(T a, const Four& b) noexcept { return Four{a, a, a, a} + b; }
    friend Four operator|(const Four& a, const Four& b) noexcept {
        return each(a, b, [](T one, T other) { return one | other; });
    }
    friend Four operator&(const Four& a, T b) noexcept {
        return each(a, a, [b](T one, T) { return one & b; });
    }
    // Bits that are shifted out are gone, those of negative numbers too.
    friend Four operator<<(const Four& a, int bits) noexcept {
        return each(a, a, [bits](T one, T) { return static_cast<T>(static_cast<std::uint32_t>(one) << bits); });
    }
};

using Floats = Four<float>;
using Words = Four<std::int32_t>;

// Towards zero.
inline Words whole(const Floats& values) noexcept {
    Words words;
    for (std::size_t i = 0; i < lanes; ++i) words.v[i] = static_cast<std::int32_t>(values.v[i]);
    return words;
}

}  // namespace arrays

#if defined(__GNUC__)
using Floats = float __attribute__((vector_size(16)));
using Words = std::int32_t __attribute__((vector_size(16)));

inline Words whole(Floats values) noexcept {
    return __builtin_convertvector(values, Words);
}
#else
using arrays::Floats;
using arrays::whole;
using arrays::Words;
#endif

}  // namespace nearfile::codes
