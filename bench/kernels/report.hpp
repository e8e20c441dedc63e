// The figures as a table for people and, where a file is given, as JSON lines for programs.
#pragma once

#include <cstdio>

#include "measure.hpp"

namespace nearfile::bench {

// `json` may be null.
void print_head(const Options& options, const Machine& machine, std::FILE* json);
void print(const Result& result, std::FILE* json);

}  // namespace nearfile::bench
