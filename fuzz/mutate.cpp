// Damaged nearfiles must be refused or answer, whatever is in them: README.md says how to run this.
#include <cstdio>

#include "ask.hpp"
#include "corpus.hpp"
#include "damage.hpp"
#include "supervisor.hpp"

using namespace nearfile::fuzz;

int main(int argc, char** argv) {
    const Options options = options_of(argc, argv);
    const std::vector<WholeFile> files = corpus(recipes(false), options.files, argv[0]);
    std::size_t walked = 0;
    for (const WholeFile& file : files) walked += open_and_ask(file.bytes).walked ? 1 : 0;
    std::printf("%zu whole files, %zu of them walk\n", files.size(), walked);
    const Fuzzer fuzzer{"nearfile", [&](std::uint64_t seed) { return damaged(files, seed); },
                        [](const Damaged& damaged, std::uint64_t seed) {
                            return seed % 8 == 0 ? open_and_ask_on_disk(damaged.bytes) : open_and_ask(damaged.bytes);
                        }};
    return run(fuzzer, options);
}
