#include "report.hpp"

#include "nearfile/version.hpp"

namespace nearfile::bench {
namespace {

const char* name(Unit unit) {
    return unit == Unit::lines ? "lines" : "bytes";
}

void write(const Result& result, std::FILE* json) {
    for (const Figure& f : result.figures)
        std::fprintf(json,
                     "{\"kind\": \"kernel\", \"kernel\": \"%s\", \"instruction_set\": \"%s\", \"dim\": %zu, "
                     "\"row_bytes\": %zu, \"set\": \"%s\", \"nanoseconds_a_row\": %.4g, \"unit\": \"%s\", "
                     "\"a_second\": %.5g, \"limit\": %.5g, \"goal\": %.5g, \"distance_percent\": %.1f}\n",
                     result.kernel, result.instruction_set, result.dim, result.row_bytes, f.set, f.nanoseconds,
                     name(f.unit), f.rate, f.limit, f.goal, f.distance());
    std::fflush(json);
}

void write(const Options& options, const Machine& m, std::FILE* json) {
    std::fprintf(json,
                 "{\"kind\": \"memory\", \"version\": \"%s\", \"megabytes\": %zu, \"passes\": %d, "
                 "\"first_cache_bytes_a_second\": %.5g, \"second_cache_bytes_a_second\": %.5g, "
                 "\"sequence_bytes_a_second\": %.5g, \"random_second_cache_lines_a_second\": %.5g, "
                 "\"random_lines_a_second\": %.5g, \"latency_nanoseconds\": %.4g}\n",
                 NEARFILE_VERSION, options.megabytes, options.passes, m.first_cache, m.second_cache, m.sequence,
                 m.random_second_cache, m.random, m.latency);
}

}  // namespace

void print_head(const Options& options, const Machine& m, std::FILE* json) {
    if (json) write(options, m, json);
    std::printf(
        "What the memory of this machine gives one thread that only reads (best of %d passes)\n"
        "  in sequence   %6.1f GB/s   first-level cache, %zu KiB\n"
        "                %6.1f GB/s   second-level cache, %zu KiB\n"
        "                %6.1f GB/s   memory, %zu MB\n"
        "  random lines  %6.1f million/s   second-level cache, fetched ahead\n"
        "                %6.1f million/s   memory, fetched ahead\n"
        "                %6.1f million/s   memory, each after the one before (%.0f ns)\n\n"
        "Kernels, called for %zu rows at a time. goal: the part of the limit that a kernel ought to reach; the limit "
        "is\n"
        "that of only reading the same rows, measured in between. short: how much of the goal is missing.\n\n",
        options.passes, m.first_cache / 1e9, first_cache_bytes >> 10, m.second_cache / 1e9, second_cache_bytes >> 10,
        m.sequence / 1e9, options.megabytes, m.random_second_cache / 1e6, m.random / 1e6, 1e3 / m.latency, m.latency,
        rows_a_call);
    std::printf("%-34s", "");
    for (const char* set : {"first-level cache", "second-level cache", "memory, in sequence", "memory, random rows"})
        std::printf(" | %-29s", set);
    std::printf("\n%-17s %5s %-10s", "kernel", "dim", "set");
    for (const char* unit : {"GB/s", "GB/s", "GB/s", "Mlines/s"})
        std::printf(" | %7s %8s %5s %6s", "ns/row", unit, "goal", "short");
    std::printf("\n");
}

void print(const Result& result, std::FILE* json) {
    if (json) write(result, json);
    std::printf("%-17s %5zu %-10s", result.kernel, result.dim, result.instruction_set);
    for (const Figure& f : result.figures) {
        const double scale = f.unit == Unit::lines ? 1e6 : 1e9;
        std::printf(" | %7.1f %8.1f %5.1f", f.nanoseconds, f.rate / scale, f.goal / scale);
        if (f.distance() > 0) {
            std::printf(" %5.0f%%", f.distance());
        } else {
            std::printf("      -");
        }
    }
    std::printf("\n");
    std::fflush(stdout);
}

}  // namespace nearfile::bench
