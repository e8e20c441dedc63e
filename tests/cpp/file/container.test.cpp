#include "file/container.hpp"

#include <cerrno>
#include <system_error>

#include "check.hpp"
#include "file/refused.hpp"
#include "file/sample.hpp"

using namespace nearfile::file;
using namespace nearfile::file::sample;
using nearfile::base::Failure;

namespace {

void check_content(const Container& container) {
    const Small small;
    CHECK(same(container.description(), description()));
    CHECK(container.sections().size() == 3);
    CHECK(same(container.section(1), small.first));
    CHECK(same(container.section(2), small.second));
    CHECK(same(container.section(7), small.third));
    CHECK(container.has(7) && !container.has(3) && container.section(3).empty());
    for (const SectionEntry& entry : container.sections()) CHECK(entry.offset % alignment == 0);
    CHECK(container.verify().ok());
}

}  // namespace

TEST(container_in_memory_gives_back_what_was_written) {
    const Image image = small_image();
    const auto opened = image.open();
    CHECK(opened.ok());
    if (opened.ok()) check_content(opened.value());
}

TEST(container_on_disk_gives_back_what_was_written) {
    const Folder folder;
    const Small small;
    CHECK(write_sections(folder / "a.near", small.sections()).ok());
    for (const bool prefault : {false, true}) {
        const auto opened = Container::open(folder / "a.near", kinds, prefault);
        CHECK(opened.ok());
        if (opened.ok()) check_content(opened.value());
    }
    CHECK(same(read_file(folder / "a.near"), small_image().bytes()));
}

TEST(container_outlives_its_copies_and_its_file) {
    const Folder folder;
    const Small small;
    CHECK(write_sections(folder / "a.near", small.sections()).ok());
    Container copy;
    std::span<const std::byte> described;
    {
        auto opened = Container::open(folder / "a.near", kinds, false);
        described = opened.value().description();
        copy = opened.value();
    }
    std::filesystem::remove(folder / "a.near");
    check_content(copy);
    CHECK(same(described, description()));
}

TEST(container_without_a_file_is_empty) {
    const Container container;
    CHECK(container.sections().empty() && container.bytes().empty() && !container.has(0));
    CHECK(container.verify().ok());
}

TEST(container_open_says_why_it_cannot) {
    const Folder folder;
    check_not_opened(folder / "missing.near", ENOENT, "check the path");
    check_not_opened(folder.path(), EISDIR, "folder");
    check_not_opened(folder / "missing/a.near", ENOENT, "check the path");
    check_not_opened("", ENOENT, "cannot open");
    const auto zero = Container::open(std::string("a\0b", 3), kinds, false);
    CHECK(!zero.ok() && zero.error().failure == Failure::invalid_argument);
}

TEST(container_open_refuses_other_files) {
    const Folder folder;
    write_file(folder / "empty", {});
    const auto empty = Container::open(folder / "empty", kinds, true);
    CHECK(!empty.ok() && empty.error().failure == Failure::bad_file && says(empty.error(), "is empty"));
    const std::string zip = "PK\x03\x04 and then some\x1b[31m";
    write_file(folder / "zip", std::as_bytes(std::span(zip)));
    const auto foreign = Container::open(folder / "zip", kinds, false);
    CHECK(!foreign.ok() && foreign.error().failure == Failure::bad_file);
    CHECK(says(foreign.error(), "is not a nearfile"));
    CHECK(says(foreign.error(), "'PK\\x03\\x04 and'"));
    CHECK(says(foreign.error(), folder / "zip"));
}

// A hole of 64 GiB in a sparse file (where there are such): opening must not read it, nor may anything be cut to 32
// bits.
TEST(container_open_takes_no_time_for_a_large_file) {
    const Folder folder;
    const std::uint64_t length = (std::uint64_t{64} << 30) + 5;
    Image image = small_image();
    image.put_entry(2, [&](SectionEntry& entry) { entry.length = length; });
    image.put_header([&](Header& header) { header.file_bytes = 4416 + length + 123; });
    write_file(folder / "large", image.bytes());
    std::error_code refused;
    std::filesystem::resize_file(folder / "large", 4416 + length + 123, refused);
    if (refused) return;
    const auto opened = Container::open(folder / "large", kinds, false);
    CHECK(opened.ok());
    if (!opened.ok()) return;
    CHECK(opened.value().section(7).size() == length);
    CHECK(opened.value().section(7).data() == opened.value().bytes().data() + 4416);
    CHECK(opened.value().section(7)[length - 1] == std::byte{0});
}

TEST(container_refuses_a_buffer_that_is_not_aligned) {
    const Image image = small_image();
    const auto opened = Container::from_buffer(image.bytes().subspan(8), nullptr, kinds);
    CHECK(!opened.ok() && opened.error().failure == Failure::invalid_argument && says(opened.error(), "64"));
}

TEST(container_verify_says_which_section_is_damaged) {
    for (const auto& [at, kind] :
         {std::pair{4096U, 1U}, {4288U, 2U}, {4416U, 7U}, {4096U + 100U, 1U}, {4090U, 0U}, {4543U, 7U}}) {
        Image image = small_image();
        image.bytes()[at] ^= std::byte{1};
        const auto opened = image.open();
        CHECK(opened.ok());
        std::uint32_t which = 99;
        const auto verified = opened.value().verify(&which);
        CHECK(!verified.ok() && verified.error().failure == Failure::bad_file);
        CHECK(which == kind);
    }
    Image image = small_image();
    const auto opened = image.open();
    image.bytes()[70] ^= std::byte{1};  // somebody writes over the header of an open file
    CHECK(!opened.value().verify().ok());
    CHECK(opened.value().description()[6] == std::byte{6});
}
