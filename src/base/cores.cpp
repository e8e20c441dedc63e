#include "base/cores.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <vector>

#include "base/system_cores.hpp"

namespace nearfile::base {
namespace {

std::vector<std::string_view> split(std::string_view text, char between) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(between);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

bool contains(const std::vector<std::string_view>& parts, std::string_view wanted) {
    return std::find(parts.begin(), parts.end(), wanted) != parts.end();
}

std::optional<std::int64_t> whole_number(std::string_view text) noexcept {
    std::int64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = failed == std::errc() && (end == text.data() + text.size() || *end == '\n');
    return whole ? std::optional(value) : std::nullopt;
}

std::optional<unsigned> smaller(std::optional<unsigned> a, std::optional<unsigned> b) noexcept {
    return a && b ? std::min(*a, *b) : a ? a : b;
}

// A tree of control groups that can limit cores.
struct Hierarchy {
    bool second_version;
    std::string mounted_at;
    std::string_view root;   // the group that is seen at mounted_at
    std::string_view group;  // of this process
};

// A line of /proc/self/mountinfo is "36 35 98:0 root mounted_at options fields... - type source options".
std::optional<Hierarchy> mounted(std::string_view line) {
    const auto fields = split(line, ' ');
    const auto dash = std::find(fields.begin(), fields.end(), "-");
    if (dash - fields.begin() < 6 || fields.end() - dash < 4) return std::nullopt;
    const bool second_version = dash[1] == "cgroup2";
    if (!second_version && (dash[1] != "cgroup" || !contains(split(dash[3], ','), "cpu"))) return std::nullopt;
    return Hierarchy{second_version, std::string(fields[4]), fields[3], {}};
}

// A line of /proc/self/cgroup is "number:controllers:group", version 2 with number 0 and without controllers.
std::optional<std::string_view> group_in(std::string_view cgroup, bool second_version) {
    for (const std::string_view line : split(cgroup, '\n')) {
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
        if (second == std::string_view::npos) continue;
        const std::string_view controllers = line.substr(first + 1, second - first - 1);
        const bool fits = second_version ? line.substr(0, first) == "0" && controllers.empty()
                                         : contains(split(controllers, ','), "cpu");
        if (fits) return line.substr(second + 1);
    }
    return std::nullopt;
}

std::optional<unsigned> limit_of(const std::string& folder, bool second_version, const ReadText& read) {
    if (!second_version) {
        const auto quota = read(folder + "/cpu.cfs_quota_us");
        const auto period = read(folder + "/cpu.cfs_period_us");
        return quota && period ? cores_of_quota(*quota, *period) : std::nullopt;
    }
    const auto both = read(folder + "/cpu.max");
    if (!both) return std::nullopt;
    const auto parts = split(*both, ' ');
    return parts.size() == 2 ? cores_of_quota(parts[0], parts[1]) : std::nullopt;
}

// Of the group, of those around it, and of the root of what is mounted.
std::optional<unsigned> smallest_limit(const Hierarchy& hierarchy, const ReadText& read) {
    std::string_view below = hierarchy.group;
    if (hierarchy.root != "/" && below.substr(0, hierarchy.root.size()) == hierarchy.root) {
        below.remove_prefix(hierarchy.root.size());
    }
    std::optional<unsigned> smallest;
    for (;;) {
        while (!below.empty() && below.back() == '/') below.remove_suffix(1);
        const std::string folder = hierarchy.mounted_at + std::string(below);
        smallest = smaller(smallest, limit_of(folder, hierarchy.second_version, read));
        if (below.empty()) return smallest;
        below = below.substr(0, below.rfind('/') + 1);
    }
}

}  // namespace

unsigned cores() noexcept {
    static const unsigned found = system_cores();
    return found;
}

std::optional<unsigned> cores_of_control_groups(const ReadText& read) {
    const auto cgroup = read("/proc/self/cgroup");
    const auto mountinfo = read("/proc/self/mountinfo");
    if (!cgroup || !mountinfo) return std::nullopt;
    std::optional<unsigned> smallest;
    for (const std::string_view line : split(*mountinfo, '\n')) {
        auto hierarchy = mounted(line);
        if (!hierarchy) continue;
        const auto group = group_in(*cgroup, hierarchy->second_version);
        if (!group) continue;
        hierarchy->group = *group;
        smallest = smaller(smallest, smallest_limit(*hierarchy, read));
    }
    return smallest;
}

std::optional<unsigned> cores_of_quota(std::string_view quota, std::string_view period) noexcept {
    const auto allowed = whole_number(quota);
    const auto each = whole_number(period);
    if (!allowed || !each || *allowed < 0 || *each <= 0) return std::nullopt;
    const std::int64_t rounded_up = *allowed / *each + (*allowed % *each != 0 ? 1 : 0);
    return static_cast<unsigned>(std::clamp<std::int64_t>(rounded_up, 1, 1 << 20));
}

}  // namespace nearfile::base
