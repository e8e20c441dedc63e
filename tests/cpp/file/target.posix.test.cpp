// Which file a path stands for: links are followed to their end, and what cannot be written is refused beforehand.
#include "file/target.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "check.hpp"
#include "child.hpp"
#include "file/refused.hpp"
#include "file/sample.hpp"

using namespace nearfile::file;
using namespace nearfile::file::sample;
using nearfile::base::Failure;
using nearfile::test::in_child;

TEST(target_follows_links_to_what_is_not_there_yet) {
    const Folder folder;
    const Folder other;
    std::filesystem::create_directory(other / "deep");
    CHECK(::symlink((other / "deep/target").c_str(), (folder / "absolute").c_str()) == 0);
    CHECK(::symlink("deep/second", (other / "relative").c_str()) == 0);
    CHECK(::symlink((other / "relative").c_str(), (folder / "chain").c_str()) == 0);
    for (const char* link : {"absolute", "chain"}) {
        for (unsigned turn = 1; turn <= 2; ++turn) {
            CHECK(check_target(folder / link).ok());
            CHECK(write_one(folder / link, pattern(20 * turn, turn)).ok());
            CHECK(std::filesystem::is_symlink(folder / link));
            CHECK(same(read_file(folder / link), pattern(20 * turn, turn)));
        }
    }
    CHECK(std::filesystem::is_symlink(other / "relative"));
    CHECK(std::filesystem::is_regular_file(other / "deep/target"));
    CHECK(std::filesystem::is_regular_file(other / "deep/second"));
    CHECK(folder.count() == 2 && other.count() == 2);
}

TEST(target_refuses_links_that_lead_nowhere) {
    const Folder folder;
    CHECK(::symlink("b", (folder / "a").c_str()) == 0);
    CHECK(::symlink("a", (folder / "b").c_str()) == 0);
    CHECK(::symlink("itself", (folder / "itself").c_str()) == 0);
    for (const char* link : {"a", "b", "itself", "a/below"}) check_refused(folder / link, ELOOP, "round in a circle");
    CHECK(::symlink("missing/file", (folder / "into_nothing").c_str()) == 0);
    check_refused(folder / "into_nothing", ENOENT, "missing' does not exist");
    CHECK(::symlink("missing/", (folder / "to_a_folder").c_str()) == 0);
    check_refused(folder / "to_a_folder", EISDIR, "add a file name");
    CHECK(folder.count() == 5);
}

TEST(target_is_refused_where_nothing_could_be_written) {
    const Folder folder;
    const auto refused = [&](const std::string& path, int code) {
        const auto checked = check_target(path);
        CHECK(!checked.ok() && checked.error().failure == Failure::io && checked.error().os_error == code);
    };
    write_file(folder / "plain", pattern(3, 1));
    CHECK(check_target(folder / "plain").ok());
    CHECK(check_target(folder / "new").ok());
    refused(folder.path(), EISDIR);
    refused(folder / "new/", EISDIR);
    refused(folder / "missing/new", ENOENT);
    refused(folder / "plain/new", ENOTDIR);
    refused(folder / std::string(256, 'x'), ENAMETOOLONG);
    refused("/dev/null", EINVAL);
    CHECK(!check_target(std::string("a\0b", 3)).ok());
    in_child([&] {
        ::chmod(folder.path().c_str(), 0555);
        if (::geteuid() == 0 && ::setuid(65534) != 0) return;  // root writes everywhere
        refused(folder / "new", EACCES);
    });
    ::chmod(folder.path().c_str(), 0755);
    CHECK(folder.count() == 1);
}
