// Numbers out of a mapped file, which another process may write into meanwhile: read once, then checked, then used. A
// plain read may be repeated by the compiler wherever it likes, so that what is used need not be what was checked.
#pragma once

#include <concepts>
#include <cstring>

namespace nearfile::base {

// Need not be aligned.
template <std::integral T>
T read_once(const void* from) noexcept {
    T value;
    std::memcpy(&value, from, sizeof value);
    asm("" : "+r"(value));  // from here on the compiler knows nothing of where it came from
    return value;
}

template <std::integral T>
T read_once(const T& from) noexcept {
    return read_once<T>(static_cast<const void*>(&from));
}

}  // namespace nearfile::base
