// Asks the processor for a cache line ahead of its use, which changes nothing but time. For everybody, kernels too:
// always inlined, so that no file's copy is another's; and not noexcept, which would have GCC refer to the handler of
// exceptions in every file that it is inlined into.
#pragma once

#if !defined(__GNUC__)
#include <intrin.h>
#endif

namespace nearfile::kernels {

#if defined(__GNUC__)
[[gnu::always_inline]] inline void prefetch(const void* at) {
    __builtin_prefetch(at);
}
[[gnu::always_inline]] inline void prefetch_to_write(const void* at) {
    __builtin_prefetch(at, 1);
}
#elif defined(_M_ARM64)
__forceinline void prefetch(const void* at) {
    __prefetch(at);
}
__forceinline void prefetch_to_write(const void* at) {
    __prefetch(at);
}
#else
__forceinline void prefetch(const void* at) {
    _mm_prefetch(static_cast<const char*>(at), _MM_HINT_T0);
}
__forceinline void prefetch_to_write(const void* at) {
    _mm_prefetch(static_cast<const char*>(at), _MM_HINT_T0);
}
#endif

}  // namespace nearfile::kernels
