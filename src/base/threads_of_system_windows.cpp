#include "base/threads_of_system.hpp"

namespace nearfile::base {

// Signals of the program are no thread's here: Windows calls what hears Ctrl+C on a thread that it makes for it.
std::thread start_thread(const std::function<void()>& run) {
    return std::thread(run);
}

// Nothing forks.
int watch_forks(void (*)(), void (*)()) noexcept {
    return 0;
}

}  // namespace nearfile::base
