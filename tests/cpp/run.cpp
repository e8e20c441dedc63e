// Runs every test of the program, or those whose name contains the first argument. With `--part 1 2` every other one,
// so that two processes share them.
#include <cstdlib>
#include <string>

#include "check.hpp"

int main(int argc, char** argv) {
    std::string wanted;
    int part = 1;
    int parts = 1;
    if (argc == 4 && std::string(argv[1]) == "--part") {
        part = std::atoi(argv[2]);
        parts = std::atoi(argv[3]);
    } else if (argc > 1) {
        wanted = argv[1];
    }
    if (part < 1 || part > parts) {
        std::fprintf(stderr, "expected --part PART OF, such as --part 1 2\n");
        return 2;
    }
    nearfile::test::program() = argv[0];
    int turn = 0;
    int ran = 0;
    int failed = 0;
    for (const auto& test : nearfile::test::all_tests()) {
        if (test.name.find(wanted) == std::string::npos) continue;
        if (turn++ % parts != part - 1) continue;
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
