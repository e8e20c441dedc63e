#if defined(__linux__)
#include <sched.h>
#endif

#include <algorithm>
#include <cerrno>
#include <exception>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>

#include "base/cores.hpp"
#include "base/system_cores.hpp"

namespace nearfile::base {
namespace {

std::optional<std::string> text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

#if defined(__linux__)
// 0 where it is not known.
unsigned scheduled_cores() noexcept {
    constexpr int most = 1 << 20;
    for (int room = CPU_SETSIZE; room <= most; room *= 2) {  // EINVAL where the system has more cores than that
        cpu_set_t* const set = CPU_ALLOC(room);
        if (set == nullptr) break;
        const std::size_t bytes = CPU_ALLOC_SIZE(room);
        const bool known = ::sched_getaffinity(0, bytes, set) == 0;
        const bool too_small = !known && errno == EINVAL;
        const int count = known ? CPU_COUNT_S(bytes, set) : 0;
        CPU_FREE(set);
        if (count > 0) return static_cast<unsigned>(count);
        if (!too_small) break;
    }
    return 0;
}
#else
unsigned scheduled_cores() noexcept {
    return 0;
}
#endif

}  // namespace

unsigned system_cores() noexcept {
    const unsigned scheduled = scheduled_cores();
    const unsigned usable = scheduled > 0 ? scheduled : std::max(1u, std::thread::hardware_concurrency());
    try {
        return std::min(usable, cores_of_control_groups(text_of).value_or(usable));
    } catch (const std::exception&) {  // no memory to read a few lines
        return usable;
    }
}

}  // namespace nearfile::base
