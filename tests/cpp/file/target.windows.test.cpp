// Paths as only Windows has them, and files that are open while they are replaced.
#include "file/target.hpp"

#include <cerrno>

#include "check.hpp"
#include "file/disk.hpp"
#include "file/native_path.hpp"
#include "file/refused.hpp"
#include "file/sample.hpp"
#include "file/work_folder.hpp"

using namespace nearfile::file;
using namespace nearfile::file::sample;

namespace {

bool is_written_and_opened(const std::string& path) {
    const Small small;
    if (!write_sections(path, small.sections()).ok()) return false;
    const auto opened = Container::open(path, kinds, true);
    return opened.ok() && opened.value().verify().ok() && same(opened.value().section(1), small.first);
}

}  // namespace

TEST(target_takes_either_separator_and_any_language) {
    const Folder folder;
    CHECK(is_written_and_opened(folder.path() + "\\back.near"));
    CHECK(is_written_and_opened(folder.path() + "/forth.near"));
    const std::string greek = folder / "\xce\xb1\xce\xb2\xce\xb3 \xf0\x9f\x94\x8e.near";
    CHECK(is_written_and_opened(greek));
    CHECK(std::filesystem::exists(native_path(greek)));
    CHECK(folder.count() == 3);
}

TEST(target_may_have_more_characters_than_260) {
    const Folder folder;
    std::string deep = folder.path();
    std::vector<std::string> made;
    for (int level = 0; level < 3; ++level) {
        deep += "\\" + std::string(120, static_cast<char>('a' + level));
        CHECK(std::filesystem::create_directory(native_path(deep)));
        made.push_back(deep);
    }
    CHECK(is_written_and_opened(deep + "\\a.near"));
    CHECK(is_written_and_opened(deep + "/../a.near"));
    CHECK(check_target(deep + "\\b.near").ok());
    CHECK(free_bytes_of(deep).value_or(0) > 0);
    {
        auto work = WorkFolder::open(deep + "\\a.near");
        CHECK(work.ok() && work.value().buffer(100'000).ok());
        CHECK(WorkFolder::open(deep + "\\a.near").error().os_error == EWOULDBLOCK);
    }
    CHECK(std::filesystem::remove(native_path(deep + "\\a.near")));
    CHECK(std::filesystem::remove(native_path(made[1] + "\\a.near")));
    for (; !made.empty(); made.pop_back()) CHECK(std::filesystem::remove(native_path(made.back())));
}

TEST(target_is_no_device_and_no_name_that_no_file_may_have) {
    const Folder folder;
    check_refused("NUL", EINVAL, "device");
    check_refused("COM1", EINVAL, "device");
    for (const char* name : {"a*b", "a?b", "a|b", "a<b", "a>b", "a\"b", "a:b"}) {
        check_refused(folder / name, EINVAL, "choose a name without");
    }
    check_not_opened("NUL", ENODEV, "regular file");
    CHECK(folder.count() == 0);
}

TEST(target_is_refused_where_nothing_could_be_written) {
    const Folder folder;
    write_file(folder / "plain", pattern(3, 1));
    CHECK(check_target(folder / "plain").ok() && check_target(folder / "new").ok());
    const auto refused = [&](const std::string& path, int code) {
        const auto checked = check_target(path);
        CHECK(!checked.ok() && checked.error().os_error == code);
    };
    refused(folder.path(), EISDIR);
    refused(folder / "new/", EISDIR);
    refused(folder / "new\\", EISDIR);
    refused(folder / "missing/new", ENOENT);
    refused(folder / std::string(256, 'x'), ENAMETOOLONG);
    CHECK(!check_target(std::string("a\0b", 3)).ok());
    CHECK(folder.count() == 1);
}
