// Runs every test of the program, or those whose name contains the first argument.
#include <string>

#include "check.hpp"

int main(int argc, char** argv) {
    const std::string wanted = argc > 1 ? argv[1] : "";
    nearfile::test::program() = argv[0];
    int ran = 0;
    int failed = 0;
    for (const auto& test : nearfile::test::all_tests()) {
        if (test.name.find(wanted) == std::string::npos) continue;
        const int before = nearfile::test::failures();
        test.body();
        ++ran;
        const bool passed = nearfile::test::failures() == before;
        failed += passed ? 0 : 1;
        std::printf("%s %s\n", passed ? "ok    " : "FAILED", test.name.c_str());
    }
    std::printf("%d passed, %d failed\n", ran - failed, failed);
    return failed == 0 && ran > 0 ? 0 : 1;
}
