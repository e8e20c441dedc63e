// Opens bytes and asks of what opens everything that an index can be asked.
#pragma once

#include <span>

#include "bytes.hpp"
#include "nearfile/index.hpp"

namespace nearfile::fuzz {

struct Outcome {
    bool opened = false;
    bool walked = false;  // a search went through the graph, which Index::query_drift() saw
    bool threw = false;   // an Error while it was used
};

// A damaged file is refused with Error(bad_file), or opens and gives min(k, n) neighbours of the index, perhaps wrong
// ones. Anything else ends the program: this throws std::logic_error, the rest is for sanitizers and guard pages.
Outcome open_and_ask(std::span<const std::byte> bytes);

// The same through a file of its own on disk.
Outcome open_and_ask_on_disk(std::span<const std::byte> bytes);

}  // namespace nearfile::fuzz
