// A test is a function; CHECK says what did not hold and where, and main() of run.cpp runs them all.
#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace nearfile::test {

struct Test {
    std::string name;
    std::function<void()> body;
};

inline std::vector<Test>& all_tests() {
    static std::vector<Test> tests;
    return tests;
}

// How this program was started.
inline std::string& program() {
    static std::string path;
    return path;
}

inline int& failures() {
    static int count = 0;
    return count;
}

struct Register {
    Register(const char* name, std::function<void()> body) { all_tests().push_back({name, std::move(body)}); }
};

inline void fail(const char* file, int line, const std::string& what) {
    ++failures();
    std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what.c_str());
}

}  // namespace nearfile::test

#define NEARFILE_JOIN_(a, b) a##b
#define NEARFILE_JOIN(a, b) NEARFILE_JOIN_(a, b)
#define TEST(name)                                                                     \
    static void name();                                                                \
    static const nearfile::test::Register NEARFILE_JOIN(register_, name)(#name, name); \
    static void name()
#define CHECK(condition)                                                        \
    do {                                                                        \
        if (!(condition)) nearfile::test::fail(__FILE__, __LINE__, #condition); \
    } while (false)
