// How many cores this process may use: not those that the machine has, but those that the scheduler and the control
// groups of a container leave it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace nearfile::base {

// At least 1. Found out at the first call and kept.
unsigned cores() noexcept;

// The text of a file, nothing where it cannot be read.
using ReadText = std::function<std::optional<std::string>(const std::string& path)>;

// The cores that control groups leave, rounded up, where they set a limit: the smallest one of the process's groups and
// of all around them, as /proc/self/cgroup and /proc/self/mountinfo say where these are. Knows versions 1 and 2.
std::optional<unsigned> cores_of_control_groups(const ReadText& read);

// "max 100000" and "-1" with "100000" set no limit; "150000 100000" is two cores.
std::optional<unsigned> cores_of_quota(std::string_view quota, std::string_view period) noexcept;

}  // namespace nearfile::base
