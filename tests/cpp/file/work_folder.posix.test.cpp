// Buffers leave nothing behind, even where their process is killed: they never had a name.
#include "file/work_folder.hpp"

#include "check.hpp"
#include "file/sample.hpp"

using namespace nearfile;
using namespace nearfile::file;
using namespace nearfile::file::sample;

TEST(work_folder_s_buffers_have_no_name) {
    const Folder folder;
    const auto work = WorkFolder::open(folder / "items.near");
    const auto made = work.value().buffer(100'000);
    CHECK(made.ok());
    CHECK(std::filesystem::is_empty(work.value().path()));
}
