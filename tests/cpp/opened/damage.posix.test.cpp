// Nearfiles of every kind, damaged a few hundred times: what `make fuzz` does for as long as you like, with sanitizers.
#include "damage.hpp"

#include <csignal>
#include <cstdlib>

#include "check.hpp"
#include "supervisor.hpp"

using namespace nearfile;
using namespace nearfile::fuzz;

namespace {

const std::vector<WholeFile>& files() {
    static const std::vector<WholeFile> built = corpus(recipes(true));
    return built;
}

}  // namespace

TEST(damage_whole_files_open_and_graphs_walk) {
    const std::vector<Recipe> made_by = recipes(true);
    CHECK(files().size() == made_by.size());
    for (std::size_t i = 0; i < made_by.size(); ++i) {
        const bool walks = made_by[i].structure == Structure::graph && made_by[i].count > 1024;
        for (const Outcome& outcome : {open_and_ask(files()[i].bytes), open_and_ask_on_disk(files()[i].bytes)}) {
            if (!outcome.opened || outcome.threw || outcome.walked != walks) {
                test::fail(__FILE__, __LINE__, files()[i].name + " opens, answers and walks if it is a large graph");
            }
        }
    }
}

TEST(damage_is_refused_or_answers) {
    const std::vector<WholeFile>& whole = files();  // before there are processes
    const Fuzzer fuzzer{"nearfile", [&](std::uint64_t seed) { return damaged(whole, seed); },
                        [](const Damaged& damaged, std::uint64_t seed) {
                            return seed % 8 == 0 ? open_and_ask_on_disk(damaged.bytes) : open_and_ask(damaged.bytes);
                        }};
    const Totals totals = supervise(fuzzer, {.seed = 1, .mutations = 600, .processes = 2});
    for (const Finding& finding : totals.findings) {
        test::fail(__FILE__, __LINE__, "seed " + std::to_string(finding.seed) + ": " + finding.report);
    }
    std::printf("      %d mutations, %d opened, %d walked\n", static_cast<int>(totals.mutations),
                static_cast<int>(totals.opened), static_cast<int>(totals.walked));
    CHECK(totals.mutations == 600);
    // Or the damage would be such that nothing behind the first checks is ever tried.
    CHECK(totals.opened >= 300);
    CHECK(totals.walked >= 100);
    CHECK(totals.opened <= 540);
}

// The net itself holds: whatever ends a process is found, told, and passed over.
TEST(damage_findings_are_told_and_passed_over) {
    const auto use = [](const Damaged&, std::uint64_t seed) -> Outcome {
        if (seed == 105) throw std::runtime_error("this one throws");
        if (seed == 108) std::raise(SIGSEGV);
        if (seed == 109) std::abort();
        return {.opened = true, .walked = true};
    };
    const Fuzzer fuzzer{"none", [](std::uint64_t) { return Damaged{Bytes(1), 0, "nothing done"}; }, use};
    const Totals totals = supervise(fuzzer, {.seed = 100, .mutations = 20, .processes = 2});
    CHECK(totals.mutations == 20);
    CHECK(totals.opened == 17);
    CHECK(totals.walked == 17);
    CHECK(totals.next_seed == 120);
    CHECK(totals.findings.size() == 3);
    std::string reports;
    for (const Finding& finding : totals.findings) reports += std::to_string(finding.seed) + ": " + finding.report;
    for (const char* part : {"105: nothing done", "this one throws", "108: nothing done", "109: nothing done"}) {
        CHECK(reports.find(part) != std::string::npos);
    }
}
