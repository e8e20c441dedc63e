// Measures every kernel beside what memory allows: docs/benchmarks.md says how to read it.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "report.hpp"

namespace {

using namespace nearfile::bench;

int explain(const char* name, const char* value) {
    std::fprintf(stderr,
                 "nearfile_kernels: not understood: %s %s\n"
                 "usage: nearfile_kernels [--json FILE_TO_APPEND_TO] [--kernel PART_OF_NAME] [--isa NAME]\n"
                 "                        [--megabytes N, from 64] [--passes N, from 1] [--seconds S]\n",
                 name, value);
    return 2;
}

bool take(Options& options, std::string_view name, const char* value) {
    if (name == "--json")
        options.json = value;
    else if (name == "--kernel")
        options.kernel = value;
    else if (name == "--isa")
        options.instruction_set = value;
    else if (name == "--megabytes")
        options.megabytes = std::strtoul(value, nullptr, 10);
    else if (name == "--passes")
        options.passes = std::atoi(value);
    else if (name == "--seconds")
        options.seconds = std::atof(value);
    else
        return false;
    return options.megabytes >= 64 && options.megabytes <= (1 << 20) && options.passes > 0;
}

}  // namespace

int main(int n_arguments, char** arguments) {
    Options options;
    for (int i = 1; i < n_arguments; i += 2) {
        const char* value = i + 1 < n_arguments ? arguments[i + 1] : "";
        if (!take(options, arguments[i], value)) return explain(arguments[i], value);
    }
    std::FILE* json = options.json.empty() ? nullptr : std::fopen(options.json.c_str(), "a");
    if (!options.json.empty() && !json) {
        std::perror(options.json.c_str());
        return 1;
    }
    Measurer measurer(options);
    print_head(options, measurer.machine(), json);
    for (const Case& one : all_cases()) {
        if (std::string_view(one.kernel).find(options.kernel) == std::string_view::npos) continue;
        for (const std::size_t dim : one.dims)
            for (const Result& result : measurer.measure(one, dim)) print(result, json);
    }
    return json && std::fclose(json) != 0 ? 1 : 0;
}
