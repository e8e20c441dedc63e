#include "base/trim.hpp"

#include <cstdlib>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace nearfile::base {

void trim_heap() noexcept {
#if defined(__GLIBC__)
    (void)::malloc_trim(0);
#endif
}

}  // namespace nearfile::base
