// nearfile: nearest neighbours in a file. Include this one header.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nearfile/attributes.hpp"
#include "nearfile/builder.hpp"
#include "nearfile/error.hpp"
#include "nearfile/expression.hpp"
#include "nearfile/filter.hpp"
#include "nearfile/index.hpp"
#include "nearfile/segments.hpp"
#include "nearfile/types.hpp"
#include "nearfile/version.hpp"

namespace nearfile {

// The name of the instruction set in use. Picked once from what the processor has; the environment variable
// NEARFILE_ISA forces one. Throws Error(invalid_argument) when that names one that is unknown or not supported here.
std::string_view instruction_set();

// Those that this machine can run, slowest first.
std::vector<std::string_view> supported_instruction_sets();

// How many cores this process may use: what the scheduler allows it, and no more than the limits of its control groups,
// rounded up. Found out once.
unsigned cores() noexcept;

// Write bytes to `path` atomically: to a temporary file, synced, then renamed. What Index::bytes() gives can be
// saved so.
void write_file(const std::string& path, std::span<const std::byte> bytes);

}  // namespace nearfile
