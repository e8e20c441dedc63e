// A folder that one build has at a time, buffers in it that leave nothing behind, and a disk that is asked before.
#include "file/work_folder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "base/large_buffers.hpp"
#include "check.hpp"
#include "file/sample.hpp"

using namespace nearfile;
using namespace nearfile::file;
using namespace nearfile::file::sample;

TEST(work_folder_is_one_build_s_at_a_time) {
    const Folder folder;
    {
        auto first = WorkFolder::open(folder / "items.near");
        CHECK(first.ok());
        CHECK(std::filesystem::is_directory(folder / ".items.near.build"));
        const auto second = WorkFolder::open(folder / "items.near");
        CHECK(!second.ok() && second.error().os_error == EWOULDBLOCK);
        CHECK(WorkFolder::open(folder / "others.near").ok());
        write_file(first.value().path_of("kept"), pattern(10, 1));
    }
    CHECK(folder.count() == 1);  // with something in it it stays
    auto again = WorkFolder::open(folder / "items.near");
    CHECK(again.ok());
    again.value().remove();
    CHECK(folder.count() == 0);
}

TEST(work_folder_s_buffers_are_zeros_that_go_with_them) {
    const Folder folder;
    auto work = WorkFolder::open(folder / "items.near");
    auto made = work.value().buffer(100'000);
    CHECK(made.ok());
    base::AlignedBuffer& buffer = made.value();
    CHECK(buffer.size() == 100'000);
    CHECK(std::all_of(buffer.data(), buffer.data() + buffer.size() + base::AlignedBuffer::slack,
                      [](std::byte each) { return each == std::byte{0}; }));
    std::memset(buffer.data(), 7, buffer.size());
    CHECK(!buffer.grow(200'000));
    CHECK(work.value().check_free(1, "this").ok());
    {
        const base::AlignedBuffer moved = std::move(buffer);
        CHECK(moved.data()[99'999] == std::byte{7});
    }
    work.value().remove();
    CHECK(folder.count() == 0);
}

TEST(work_folder_says_what_the_disk_lacks) {
    const Folder folder;
    const auto work = WorkFolder::open(folder / "items.near");
    CHECK(work.value().check_free(1, "this").ok());
    const auto refused = work.value().check_free(std::numeric_limits<std::uint64_t>::max(), "this");
    CHECK(!refused.ok() && refused.error().os_error == ENOSPC);
    CHECK(refused.error().message.starts_with("this needs 18446744073709551615 bytes of disk, and "));
}

TEST(large_buffers_come_from_who_is_in_charge) {
    class Counting final : public base::LargeBuffers {
    public:
        base::AlignedBuffer make(std::size_t bytes) override {
            ++n_made;
            return base::AlignedBuffer(bytes);
        }
        int n_made = 0;
    };
    Counting counting;
    {
        const base::LargeBuffersFrom charge(&counting);
        CHECK(base::allocate(base::LargeBuffers::least - 1).ok() && counting.n_made == 0);
        CHECK(base::allocate(base::LargeBuffers::least).ok() && counting.n_made == 1);
        const base::LargeBuffersFrom memory(nullptr);
        CHECK(base::allocate(base::LargeBuffers::least).ok() && counting.n_made == 1);
    }
    CHECK(base::allocate(base::LargeBuffers::least).ok() && counting.n_made == 1);
}
