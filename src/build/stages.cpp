#include "build/stages.hpp"

#include <map>

namespace nearfile::build {
namespace {

struct Count {
    std::uint64_t before = 0;  // of the runs that are over
    std::uint64_t done = 0;
    std::uint64_t total = 0;
};

}  // namespace

StageWatch counted_on(const Progress& progress) {
    if (!progress) return {};
    return [progress, counts = std::map<std::string, Count, std::less<>>()](std::string_view stage, std::uint64_t done,
                                                                            std::uint64_t total) mutable {
        Count& count = counts.try_emplace(std::string(stage)).first->second;
        if (done < count.done || (count.total != 0 && total != count.total)) count.before += count.total;
        count.done = done;
        count.total = total;
        return progress(stage, count.before + done, count.before + total);
    };
}

}  // namespace nearfile::build
