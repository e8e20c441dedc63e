#include "file/memory_allowed.hpp"

#include <filesystem>
#include <fstream>
#include <limits>

#include "check.hpp"
#include "file/advice.hpp"
#include "file/sample.hpp"

using namespace nearfile::file;
using namespace nearfile::file::sample;

namespace {

constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();

void put(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
}

}  // namespace

TEST(memory_allowed_is_some_of_the_machine) {
    CHECK(memory_allowed() > 1 << 20);
}

TEST(memory_allowed_by_groups_of_version_2_is_the_least_on_the_way_up) {
    const Folder folder;
    put(folder / "memory.max", "max\n");
    put(folder / "a/memory.max", "3000\n");
    put(folder / "a/b/memory.max", "5000\n");
    put(folder / "a/b/c/memory.max", "max\n");
    CHECK(limit_of_groups("0::/a/b/c\n", folder.path()) == 3000);
    CHECK(limit_of_groups("0::/a/b\n", folder.path()) == 3000);
    CHECK(limit_of_groups("0::/other\n", folder.path()) == endless);
    CHECK(limit_of_groups("0::/\n", folder.path()) == endless);
}

TEST(memory_allowed_by_groups_of_version_1_is_that_of_the_memory_controller) {
    const Folder folder;
    put(folder / "memory/memory.limit_in_bytes", "9223372036854771712\n");
    put(folder / "memory/box/memory.limit_in_bytes", "7000\n");
    put(folder / "cpu/box/memory.limit_in_bytes", "1\n");
    CHECK(limit_of_groups("4:cpu,cpuacct:/box\n3:memory:/box\n", folder.path()) == 7000);
    CHECK(limit_of_groups("3:hugetlb,memory:/box/inner\n", folder.path()) == 7000);
    CHECK(limit_of_groups("3:memory:/\n", folder.path()) == 9223372036854771712u);
    // Seen from inside a container: its name outside is not there, its root is.
    put(folder / "memory/memory.limit_in_bytes", "8000\n");
    CHECK(limit_of_groups("3:memory:/docker/0123\n", folder.path()) == 8000);
}

TEST(memory_allowed_takes_any_text_for_groups) {
    const Folder folder;
    for (const char* text : {"", "\n\n", "memory", "1:memory", "::", "0::", "1:memory:x", ":::::"}) {
        CHECK(limit_of_groups(text, folder.path()) == endless);
    }
}

TEST(advice_changes_no_bytes) {
    const Folder folder;
    const Small small;
    CHECK(write_sections(folder / "a.near", small.sections()).ok());
    const auto opened = Container::open(folder / "a.near", kinds, false);
    const auto bytes = opened.value().bytes();
    const auto before = read_file(folder / "a.near");
    for (const std::size_t first : {std::size_t{0}, std::size_t{1}, std::size_t{63}, bytes.size() - 1, bytes.size()}) {
        for (const std::size_t length : {std::size_t{0}, std::size_t{1}, bytes.size() - first}) {
            const auto part = bytes.subspan(first, std::min(length, bytes.size() - first));
            expect_random(part);
            will_need(part);
            CHECK(populate(part, folder / "a.near").ok());
            expect_usual(part);
        }
    }
    CHECK(same(bytes, before));
}
