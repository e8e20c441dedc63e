// Part of a test in a process of its own, for what would disturb the others: limits, mounts, another user, another end.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include "check.hpp"

namespace nearfile::test {

// What does not hold there fails the test here, and so does any other end of it; it has two minutes.
template <class Body>
void in_child(const Body& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(120);
        failures() = 0;
        body();
        ::_exit(failures() == 0 ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace nearfile::test
