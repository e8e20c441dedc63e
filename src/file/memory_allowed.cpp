#include "file/memory_allowed.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>

namespace nearfile::file {
namespace {

constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();

// "max" is no number, and no limit.
std::uint64_t number_in(const std::string& path) {
    std::ifstream file(path);
    std::uint64_t number = 0;
    return file >> number ? number : endless;
}

// Of a group and of all that it is in. In a container the name may be one of outside, which is not there: then what
// is mounted as the root is the container's own.
std::uint64_t limit_up_from(const std::string& mount, std::string group, const std::string& name) {
    std::uint64_t least = endless;
    while (true) {
        least = std::min(least, number_in(mount + group + "/" + name));
        if (group.empty()) return least;
        group.resize(std::min(group.size() - 1, group.rfind('/')));
    }
}

bool has_memory(const std::string& controllers) {
    return ("," + controllers + ",").find(",memory,") != std::string::npos;
}

}  // namespace

std::uint64_t limit_of_groups(const std::string& groups, const std::string& root) {
    std::uint64_t least = endless;
    std::istringstream lines(groups);
    for (std::string line; std::getline(lines, line);) {  // number:controllers:group
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const std::string group = line.substr(second + 1);
        if (controllers.empty()) {
            least = std::min(least, limit_up_from(root, group, "memory.max"));
        } else if (has_memory(controllers)) {
            least = std::min(least, limit_up_from(root + "/memory", group, "memory.limit_in_bytes"));
        }
    }
    return least;
}

}  // namespace nearfile::file
