// How much memory this process may fill, the pages of files that it maps counted in.
#pragma once

#include <cstdint>
#include <string>

namespace nearfile::file {

// That of the machine, or of a control group that the process is in (Linux, both versions), as containers have one.
std::uint64_t memory_allowed();

// The least limit of the groups that `groups`, the text of /proc/self/cgroup, says, and of those that they are in.
// `root` is where these are mounted: /sys/fs/cgroup. The largest number where there is none.
std::uint64_t limit_of_groups(const std::string& groups, const std::string& root);

}  // namespace nearfile::file
