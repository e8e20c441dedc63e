// Runs mutations in processes of their own, so that one that ends its process is told, kept and passed over.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ask.hpp"
#include "bytes.hpp"

namespace nearfile::fuzz {

struct Fuzzer {
    std::string name;
    std::function<Damaged(std::uint64_t seed)> damaged;              // the same seed, the same bytes
    std::function<Outcome(const Damaged&, std::uint64_t seed)> use;  // throws where an answer is not possible
};

struct Options {
    std::uint64_t seed = 0;       // of the first mutation; the others have those that follow
    std::uint64_t mutations = 0;  // 0: as many as the time allows
    double minutes = 0;           // 0: as long as the mutations take
    unsigned processes = 1;
    std::string findings = {};  // a folder for files that end a process; empty: they are not kept
    std::string files = {};     // a folder for the whole files; empty: they are built anew
};

struct Finding {
    std::uint64_t seed;
    std::string report;  // what was done to the file, how the process ended, and what it said
};

struct Totals {
    std::uint64_t mutations = 0;
    std::uint64_t opened = 0;
    std::uint64_t walked = 0;
    std::uint64_t threw = 0;
    std::uint64_t next_seed = 0;  // to go on from
    std::vector<Finding> findings;
};

// Stops early at the 20th finding. Forks, so the calling program must not be inside other threads.
Totals supervise(const Fuzzer& fuzzer, const Options& options);

// `program --minutes 5 --seed 1 --processes 2 --findings folder --files folder`, or --mutations 1000. Without time and
// number five minutes, without a seed one by the clock. Ends the program with a line of help where it does not
// understand.
Options options_of(int argc, char** argv);

// Supervises, says what came of it, and returns what main() does: 1 where there are findings.
int run(const Fuzzer& fuzzer, const Options& options);

}  // namespace nearfile::fuzz
