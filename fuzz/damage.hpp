// Damage to nearfiles: what a bad disk, a bad copy and a bad writer do.
#pragma once

#include <cstdint>
#include <vector>

#include "bytes.hpp"
#include "corpus.hpp"

namespace nearfile::fuzz {

// The same seed gives the same damage to the same file.
Damaged damaged(const std::vector<WholeFile>& files, std::uint64_t seed);

}  // namespace nearfile::fuzz
