#include "file/writer.hpp"

#include "check.hpp"
#include "file/sample.hpp"

using namespace nearfile::file;
using namespace nearfile::file::sample;
using nearfile::base::Failure;

TEST(writer_places_small_sections_close_and_large_ones_at_pages) {
    const auto small = pattern(10, 1);
    const auto large = pattern(large_section, 2);
    const auto below = pattern(large_section - 1, 3);
    Writer writer(description());
    writer.add(1, 0, small);
    writer.add(2, flag_required, large);
    writer.add(3, 0, small);
    writer.add(4, 0, below);
    const auto memory = writer.to_memory();
    CHECK(memory.ok());
    const auto opened = Image(memory.value().bytes()).open();
    CHECK(opened.ok());
    const auto sections = opened.value().sections();
    CHECK(sections.size() == 4);
    CHECK(sections[0].offset == page);
    CHECK(sections[1].offset == 2 * page);
    CHECK(sections[2].offset == 2 * page + large_section + trailing_bytes);
    CHECK(sections[3].offset == sections[2].offset + 128);
    CHECK(same(opened.value().section(2), large) && same(opened.value().section(4), below));
    CHECK(opened.value().verify().ok());
    CHECK(writer.file_bytes() == opened.value().bytes().size());
    CHECK(writer.file_bytes() % alignment == 0);

    const Folder folder;
    CHECK(writer.write(folder / "a").ok());
    CHECK(same(read_file(folder / "a"), memory.value().bytes()));
}

TEST(writer_sections_of_every_length) {
    for (std::size_t size = 1; size < 200; ++size) {
        const auto bytes = pattern(size, 4);
        Writer writer(description());
        writer.add(1, 0, bytes);
        writer.add(2, 0, bytes);
        const Image image(writer.to_memory().value().bytes());
        const auto opened = image.open();
        CHECK(opened.ok() && same(opened.value().section(1), bytes) && same(opened.value().section(2), bytes));
        CHECK(opened.value().verify().ok());
    }
}

TEST(writer_gives_the_same_bytes_every_time) {
    CHECK(same(small_image().bytes(), small_image().bytes()));
    CHECK(small_image().bytes().size() == 4544);
    CHECK(Small().writer().file_bytes() == 4544);
}

TEST(writer_without_sections) {
    Writer writer(description());
    writer.add(1, 0, {});  // empty: left out
    CHECK(writer.file_bytes() == sizeof(Header));
    const Image image(writer.to_memory().value().bytes());
    const auto opened = image.open();
    CHECK(opened.ok() && opened.value().sections().empty() && !opened.value().has(1));
    CHECK(opened.value().verify().ok());
    const Folder folder;
    CHECK(writer.write(folder / "a").ok());
    CHECK(same(read_file(folder / "a"), image.bytes()));
}

TEST(writer_takes_the_most_sections_and_no_more) {
    const auto bytes = pattern(1, 5);
    Writer writer(description());
    for (std::uint32_t kind = 0; kind < max_sections; ++kind) writer.add(kind, 0, bytes);
    const Image image(writer.to_memory().value().bytes());
    const auto opened = image.open();
    CHECK(opened.ok() && opened.value().sections().size() == max_sections && opened.value().verify().ok());
    writer.add(max_sections, 0, bytes);
    const auto refused = writer.to_memory();
    CHECK(!refused.ok() && refused.error().failure == Failure::invalid_argument &&
          says(refused.error(), "64 sections, got 65"));
}

TEST(writer_refuses_what_a_reader_would) {
    const auto bytes = pattern(1, 5);
    const Folder folder;
    Writer twice(description());
    twice.add(5, 0, bytes);
    twice.add(5, 0, bytes);
    CHECK(!twice.to_memory().ok());
    const auto written = twice.write(folder / "a");
    CHECK(!written.ok() && written.error().failure == Failure::invalid_argument && says(written.error(), "section 5"));
    CHECK(folder.count() == 0);
    Writer flags(description());
    flags.add(5, 4, bytes);
    CHECK(!flags.to_memory().ok());
}
