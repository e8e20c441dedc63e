// Giving the GIL up and taking it back, also while the program ends.
//
// When the interpreter ends, daemon threads are still running, and one that asks for the GIL then gets no more of it:
// up to Python 3.13 it is ended by pthread_exit(), later it stands still. glibc unwinds the stack of a thread that is
// ended so, as an exception would, and aborts the program where this meets a function that must not throw (every
// destructor) or a `catch (...)` that goes on (nanobind has one around every call, and a build keeps threads at work on
// this stack). So whatever may ask for the GIL is called in a frame that stops the unwinding before it meets anything
// else, and the thread stands still in every version of Python.
#pragma once

#include <nanobind/nanobind.h>

#include <chrono>
#include <thread>
#include <type_traits>

namespace nearfile::python {

// The process ends soon, and this thread with it.
[[noreturn]] inline void stand_still() noexcept {
    for (;;) std::this_thread::sleep_for(std::chrono::hours(24));
}

// Whether the interpreter is ending: all that may still ask for the GIL then is the thread that ends it.
inline bool is_ending() noexcept {
    return Py_IsInitialized() == 0;
}

// Runs `call`, one function of Python's C API that may ask for the GIL, as everything may that runs Python code: a
// user's function, __float__ or __getitem__. These functions throw nothing, so what does not return from them ends.
// (A `catch` would not do: where an exception is being handled, entering one for the end of a thread aborts. And it
// must be a frame, because compilers leave out what a function that must not throw would do on the way to that.)
template <class Call>
[[gnu::noinline]] auto call_python(const Call& call) {
    struct Frame {
        bool returned = false;
        ~Frame() {
            if (!returned) stand_still();
        }
    } frame;
    if constexpr (std::is_void_v<decltype(call())>) {
        call();
        frame.returned = true;
    } else {
        auto result = call();
        frame.returned = true;
        return result;
    }
}

// Without the GIL for as long as this lives. In the hands of the thread that made it.
class WithoutGil {
public:
    WithoutGil() : was_ending_(is_ending()), state_(PyEval_SaveThread()) {}
    ~WithoutGil() { take(); }
    WithoutGil(const WithoutGil&) = delete;
    WithoutGil& operator=(const WithoutGil&) = delete;

    // Runs `call` with the GIL.
    template <class Call>
    auto with_gil(const Call& call) {
        struct Meanwhile {
            WithoutGil& self;
            explicit Meanwhile(WithoutGil& outer) : self(outer) { self.take(); }
            ~Meanwhile() { self.state_ = PyEval_SaveThread(); }
        };
        const Meanwhile meanwhile(*this);
        return call();
    }

private:
    // Not even asked for where it is known to be in vain: older versions read what is freed by then. A thread that had
    // the GIL while the interpreter was ending already is the one that ends it, and gets it again.
    void take() noexcept {
        if (is_ending() && !was_ending_) stand_still();
        call_python([this] { PyEval_RestoreThread(state_); });
    }

    const bool was_ending_;
    PyThreadState* state_;
};

}  // namespace nearfile::python
