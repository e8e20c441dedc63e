// The command line of the fuzzers.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "supervisor.hpp"

namespace nearfile::fuzz {
namespace {

[[noreturn]] void help(const std::string& wrong) {
    std::fprintf(stderr,
                 "%s\noptions: --minutes M --mutations N --seed S --processes P --findings FOLDER --files FOLDER\n",
                 wrong.c_str());
    std::exit(2);
}

// The whole text must be a number, which is not negative.
template <class Number, class Parse>
Number number_of(const std::string& name, const char* text, Parse parse) {
    char* end = nullptr;
    const Number number = parse(text, &end);
    if (*text < '0' || *text > '9' || *end != '\0') help(name + " takes a number, got \"" + text + "\"");
    return number;
}

std::uint64_t whole(const char* text, char** end) {
    return std::strtoull(text, end, 10);
}

unsigned long long printed(std::uint64_t number) {
    return number;
}

}  // namespace

Options options_of(int argc, char** argv) {
    Options options;
    options.seed = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    for (int i = 1; i < argc; i += 2) {
        const std::string name = argv[i];
        if (i + 1 == argc) help(name + " takes a value");
        const char* const value = argv[i + 1];
        if (name == "--minutes") {
            options.minutes = number_of<double>(name, value, std::strtod);
        } else if (name == "--mutations") {
            options.mutations = number_of<std::uint64_t>(name, value, whole);
        } else if (name == "--seed") {
            options.seed = number_of<std::uint64_t>(name, value, whole);
        } else if (name == "--processes") {
            options.processes = static_cast<unsigned>(number_of<std::uint64_t>(name, value, whole));
        } else if (name == "--findings") {
            options.findings = value;
        } else if (name == "--files") {
            options.files = value;
        } else {
            help("there is no option " + name);
        }
    }
    if (options.processes == 0) help("--processes must be at least 1");
    if (options.minutes == 0 && options.mutations == 0) options.minutes = 5;
    return options;
}

int run(const Fuzzer& fuzzer, const Options& options) {
    std::printf("%s: seed %llu, %u processes\n", fuzzer.name.c_str(), printed(options.seed), options.processes);
    std::fflush(stdout);
    const Totals totals = supervise(fuzzer, options);
    std::printf(
        "%llu mutations: %llu opened, %llu of them walked, %llu of them threw an Error while used; %llu refused\n",
        printed(totals.mutations), printed(totals.opened), printed(totals.walked), printed(totals.threw),
        printed(totals.mutations - totals.opened - totals.findings.size()));
    for (const Finding& finding : totals.findings) {
        std::printf("--seed %llu --mutations 1: %s\n", printed(finding.seed), finding.report.c_str());
    }
    std::printf("%zu findings%s; go on with --seed %llu\n", totals.findings.size(),
                totals.findings.empty() || options.findings.empty() ? "" : (" in " + options.findings).c_str(),
                printed(totals.next_seed));
    return totals.findings.empty() ? 0 : 1;
}

}  // namespace nearfile::fuzz
