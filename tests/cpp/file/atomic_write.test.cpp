#include "file/atomic_write.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <thread>

#include "check.hpp"
#include "file/process.hpp"
#include "file/refused.hpp"
#include "file/sample.hpp"

using namespace nearfile::file;
using namespace nearfile::file::sample;
using nearfile::base::Failure;

namespace {

#if defined(_WIN32)
// A file system, or wine, that does not rename over a file that is open: then nothing has changed, and the error says
// so.
bool is_refused_for_being_open(const nearfile::base::Error& error) {
    return error.os_error == EBUSY && says(error, "close whatever has the old file open");
}
#else
bool is_refused_for_being_open(const nearfile::base::Error&) {
    return false;
}
#endif

}  // namespace

TEST(atomic_write_joins_the_pieces) {
    const Folder folder;
    const auto one = pattern(100'000, 1);
    const auto two = pattern(1, 2);
    const std::array<std::span<const std::byte>, 4> pieces = {one, {}, two, one};
    CHECK(write_atomically(folder / "a", pieces).ok());
    auto expected = one;
    expected.insert(expected.end(), two.begin(), two.end());
    expected.insert(expected.end(), one.begin(), one.end());
    CHECK(same(read_file(folder / "a"), expected));
    CHECK(folder.count() == 1);
    CHECK(write_atomically(folder / "empty", {}).ok());
    CHECK(read_file(folder / "empty").empty());
}

TEST(atomic_write_says_why_it_cannot) {
    const Folder folder;
    check_refused(folder.path(), EISDIR, "add a file name");
    check_refused(folder / "new/", EISDIR, "add a file name");
    check_refused("", EISDIR, "add a file name");
    check_refused(folder / "missing/a", ENOENT, "does not exist");
    check_refused(folder / "missing/a", ENOENT, "create it first");
    write_file(folder / "plain", pattern(3, 1));
    check_refused(folder / "plain/a", ENOTDIR, "is not a folder");
    check_refused(folder / std::string(256, 'x'), ENAMETOOLONG, "nothing was changed");
    const auto zero = write_one(std::string("a\0b", 3), pattern(1, 1));
    CHECK(!zero.ok() && zero.error().failure == Failure::invalid_argument);
    CHECK(folder.count() == 1);
}

TEST(atomic_write_with_the_longest_name) {
    const Folder folder;
    CHECK(write_one(folder / std::string(255, 'x'), pattern(10, 1)).ok());
    CHECK(folder.count() == 1);
}

// Left behind by a process that was killed and had this one's number: stepped over, not written to.
TEST(atomic_write_steps_over_old_temporary_files) {
    const Folder folder;
    const std::string start = folder / ".a." + std::to_string(process_number()) + ".";
    for (int i = 0; i < 1000; ++i) write_file(start + std::to_string(i) + ".tmp", pattern(5, 9));
    CHECK(write_one(folder / "a", pattern(10, 1)).ok());
    CHECK(same(read_file(folder / "a"), pattern(10, 1)));
    CHECK(folder.count() == 1001);
    CHECK(same(read_file(start + "0.tmp"), pattern(5, 9)));
}

TEST(atomic_write_leaves_open_maps_as_they_were) {
    const Folder folder;
    const std::string path = folder / "a.near";
    const Small small;
    CHECK(write_sections(path, small.sections()).ok());
    const auto old = Container::open(path, kinds, false);
    CHECK(old.ok());
    const auto bytes = pattern(50'000, 8);
    const auto written = write_sections(path, {{1, flag_required, bytes}});
    CHECK(written.ok() || is_refused_for_being_open(written.error()));
    CHECK(same(old.value().section(1), small.first) && old.value().verify().ok());
    const auto fresh = Container::open(path, kinds, false);
    CHECK(fresh.ok() && fresh.value().verify().ok());
    CHECK(same(fresh.value().section(1), written.ok() ? std::span<const std::byte>(bytes) : small.first));
    CHECK(folder.count() == 1);
}

TEST(atomic_write_by_two_writers_while_others_read) {
    const Folder folder;
    const std::string path = folder / "a.near";
    const Small small;
    CHECK(write_sections(path, small.sections()).ok());
    std::atomic<int> writing{2};
    std::atomic<int> wrong{0};
    std::atomic<int> opened{0};
    const auto write_many = [&](unsigned seed) {
        const auto bytes = pattern(30'000 * seed, seed);
        for (int i = 0; i < 40; ++i) {
            const auto written = write_sections(path, {{1, flag_required, bytes}});
            wrong += written.ok() || is_refused_for_being_open(written.error()) ? 0 : 1;
        }
        --writing;
    };
    const auto read_many = [&] {
        do {
            const auto container = Container::open(path, kinds, opened % 2 == 0);
            wrong += container.ok() && container.value().verify().ok() ? 0 : 1;
            ++opened;
        } while (writing > 0);
    };
    std::thread one(write_many, 1U);
    std::thread two(write_many, 2U);
    std::thread reader(read_many);
    one.join();
    two.join();
    reader.join();
    CHECK(wrong == 0);
    CHECK(opened > 0);
    CHECK(folder.count() == 1);
}
