#include <pthread.h>

#include <csignal>

#include "base/threads_of_system.hpp"

namespace nearfile::base {
namespace {

// While this lives, threads that are started hear no signals.
class SignalsBlocked {
public:
    SignalsBlocked() noexcept {
        sigset_t all;
        sigfillset(&all);
        for (const int its_own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) sigdelset(&all, its_own);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    sigset_t before_;
};

}  // namespace

std::thread start_thread(const std::function<void()>& run) {
    const SignalsBlocked blocked;
    return std::thread(run);
}

int watch_forks(void (*before)(), void (*in_child)()) noexcept {
    return pthread_atfork(before, nullptr, in_child);
}

}  // namespace nearfile::base
