#include "file/temporary.hpp"

#include <atomic>

#include "file/process.hpp"

namespace nearfile::file {

std::string Temporary::next_path() const {
    constexpr std::size_t longest_name = 200;  // so that this one's stays below the usual limit of 255
    static std::atomic<std::uint32_t> counter{0};
    const std::string shown = target_.name.size() > longest_name ? "nearfile" : target_.name;
    return target_.folder + "/." + shown + "." + std::to_string(process_number()) + "." +
           std::to_string(counter.fetch_add(1)) + ".tmp";
}

}  // namespace nearfile::file
