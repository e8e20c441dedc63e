#include "supervisor.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <new>
#include <thread>

namespace nearfile::fuzz {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

// Far more than any needs, on a busy machine too.
constexpr seconds longest{60};
constexpr std::size_t most_findings = 20;

static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "several processes share them");

// What a process tells its supervisor, who sees it after its end too.
struct Told {
    std::atomic<std::uint64_t> current{0};  // number of the mutation that it is at
    std::atomic<Clock::rep> since{0};       // when it began
    std::atomic<std::uint64_t> mutations{0};
    std::atomic<std::uint64_t> opened{0};
    std::atomic<std::uint64_t> walked{0};
    std::atomic<std::uint64_t> threw{0};
};

class Worker {
public:
    Worker(const Fuzzer& fuzzer, const Options& options, unsigned number, Clock::time_point end)
        : fuzzer_(fuzzer), options_(options), end_(end) {
        void* const page = ::mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED) throw std::bad_alloc();
        told_ = new (page) Told;
        start(number);
    }
    ~Worker() {
        stop();
        ::munmap(told_, sizeof(Told));
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    const Told& told() const { return *told_; }
    bool running() const { return pid_ > 0; }
    void stop() {
        if (!running()) return;
        ::kill(pid_, SIGKILL);
        wait(0);
    }

    // Starts it again behind a mutation that ended it; that one is returned.
    std::vector<Finding> look() {
        const Clock::duration worked = Clock::now().time_since_epoch() - Clock::duration(told_->since);
        const bool late = worked > longest;
        if (late) ::kill(pid_, SIGKILL);
        const int status = wait(late ? 0 : WNOHANG);
        if (running() || (WIFEXITED(status) && WEXITSTATUS(status) == 0 && !late)) return {};
        const std::uint64_t at = told_->current;
        const std::string how = late                  ? "takes more than " + std::to_string(longest.count()) + " s"
                                : WIFSIGNALED(status) ? "ends with signal " + std::to_string(WTERMSIG(status))
                                                      : "ends with status " + std::to_string(WEXITSTATUS(status));
        const std::uint64_t seed = options_.seed + at;
        const Finding finding{seed, fuzzer_.damaged(seed).story + "\n" + how + "\n" + said()};
        start(at + options_.processes);
        return {finding};
    }

private:
    void start(std::uint64_t first) {
        errors_.reset(std::tmpfile());
        if (errors_ == nullptr) throw std::bad_alloc();
        told_->since = Clock::now().time_since_epoch().count();
        std::fflush(nullptr);  // or the process would write again what is buffered
        const pid_t supervisor = ::getpid();
        pid_ = ::fork();
        if (pid_ < 0) throw std::bad_alloc();
        if (pid_ == 0) {
            const rlimit none{};
            ::setrlimit(RLIMIT_CORE, &none);  // the report says enough
            ::dup2(::fileno(errors_.get()), STDERR_FILENO);
            ::_exit(work(first, supervisor));
        }
    }

    int work(std::uint64_t first, pid_t supervisor) {
        for (std::uint64_t i = first; Clock::now() < end_; i += options_.processes) {
            if (::getppid() != supervisor) break;  // nobody listens
            if (options_.mutations != 0 && i >= options_.mutations) break;
            told_->current = i;
            told_->since = Clock::now().time_since_epoch().count();
            try {
                count(fuzzer_.use(fuzzer_.damaged(options_.seed + i), options_.seed + i));
            } catch (const std::exception& error) {
                std::fprintf(stderr, "%s\n", error.what());
                std::fflush(stderr);
                return 3;
            }
        }
        return 0;
    }

    void count(const Outcome& outcome) {
        told_->mutations += 1;
        told_->opened += outcome.opened ? 1 : 0;
        told_->walked += outcome.walked ? 1 : 0;
        told_->threw += outcome.threw ? 1 : 0;
    }

    // The status; the process does not run any more unless nothing was waited for.
    int wait(int flags) {
        int status = 0;
        if (::waitpid(pid_, &status, flags) == pid_) pid_ = 0;
        return status;
    }

    // What it has written to its standard error, as far as that is of use.
    std::string said() const {
        std::string text(1 << 16, '\0');
        std::rewind(errors_.get());
        text.resize(std::fread(text.data(), 1, text.size(), errors_.get()));
        return text;
    }

    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };

    const Fuzzer& fuzzer_;
    const Options& options_;
    const Clock::time_point end_;
    Told* told_;
    pid_t pid_ = 0;
    std::unique_ptr<std::FILE, Close> errors_;
};

void keep(const Fuzzer& fuzzer, const Options& options, const Finding& finding) {
    if (options.findings.empty()) return;
    std::filesystem::create_directories(options.findings);
    const std::string path = options.findings + "/" + fuzzer.name + "-" + std::to_string(finding.seed);
    const Bytes bytes = fuzzer.damaged(finding.seed).bytes;
    std::ofstream(path + ".file", std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    std::ofstream(path + ".txt") << "Repeat it with --seed " << finding.seed << " --mutations 1.\n" << finding.report;
    std::printf("a finding: %s.txt\n", path.c_str());
    std::fflush(stdout);
}

}  // namespace

Totals supervise(const Fuzzer& fuzzer, const Options& options) {
    const auto now = Clock::now();
    const auto time =
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double, std::ratio<60>>(options.minutes));
    const auto end = options.minutes > 0 ? now + time : Clock::time_point::max();
    std::vector<std::unique_ptr<Worker>> workers;
    for (unsigned i = 0; i < options.processes; ++i) {
        workers.push_back(std::make_unique<Worker>(fuzzer, options, i, end));
    }
    Totals totals;
    const auto is_running = [](const auto& worker) { return worker->running(); };
    while (std::any_of(workers.begin(), workers.end(), is_running) && totals.findings.size() < most_findings) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        for (const auto& worker : workers) {
            if (!worker->running()) continue;
            for (const Finding& finding : worker->look()) {
                keep(fuzzer, options, finding);
                totals.findings.push_back(finding);
            }
        }
    }
    for (const auto& worker : workers) {
        worker->stop();
        totals.mutations += worker->told().mutations;
        totals.opened += worker->told().opened;
        totals.walked += worker->told().walked;
        totals.threw += worker->told().threw;
        totals.next_seed = std::max(totals.next_seed, options.seed + worker->told().current + 1);
    }
    totals.mutations += totals.findings.size();
    return totals;
}

}  // namespace nearfile::fuzz
