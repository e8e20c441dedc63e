#include "file/section_writer.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include "check.hpp"
#include "file/sample.hpp"

using namespace nearfile::file;
using namespace nearfile::file::sample;
using nearfile::base::Failure;
using nearfile::base::Result;

namespace {

bool is_refused(const Result<void>& result, const std::string& words) {
    return !result.ok() && result.error().failure == Failure::invalid_argument && says(result.error(), words);
}

}  // namespace

TEST(section_writer_places_small_sections_close_and_large_ones_at_pages) {
    const auto small = pattern(10, 1);
    const auto large = pattern(large_section, 2);
    const auto below = pattern(large_section - 1, 3);
    const Sections all = {{1, 0, small}, {2, flag_required, large}, {3, 0, small}, {4, 0, below}};
    const Image image = image_of(all);
    const auto opened = image.open();
    CHECK(opened.ok());
    const auto sections = opened.value().sections();
    CHECK(sections.size() == 4);
    CHECK(sections[0].offset == page);
    CHECK(sections[1].offset == 2 * page);
    CHECK(sections[2].offset == 2 * page + large_section + trailing_bytes);
    CHECK(sections[3].offset == sections[2].offset + 128);
    CHECK(same(opened.value().section(2), large) && same(opened.value().section(4), below));
    CHECK(opened.value().verify().ok());
    CHECK(image.bytes().size() % alignment == 0);

    const Folder folder;
    CHECK(write_sections(folder / "a", all).ok());
    CHECK(same(read_file(folder / "a"), image.bytes()));
}

TEST(section_writer_sections_of_every_length) {
    for (std::size_t size = 1; size < 200; ++size) {
        const auto bytes = pattern(size, 4);
        const Image image = image_of({{1, 0, bytes}, {2, 0, bytes}});
        const auto opened = image.open();
        CHECK(opened.ok() && same(opened.value().section(1), bytes) && same(opened.value().section(2), bytes));
        CHECK(opened.value().verify().ok());
    }
}

TEST(section_writer_gives_the_same_bytes_every_time) {
    CHECK(same(small_image().bytes(), small_image().bytes()));
    CHECK(small_image().bytes().size() == 4544);
}

TEST(section_writer_without_sections) {
    const Image image = image_of({{1, 0, {}}});  // empty: left out
    CHECK(image.bytes().size() == sizeof(Header));
    const auto opened = image.open();
    CHECK(opened.ok() && opened.value().sections().empty() && !opened.value().has(1));
    CHECK(opened.value().verify().ok());
    const Folder folder;
    CHECK(write_sections(folder / "a", {}).ok());
    CHECK(same(read_file(folder / "a"), image.bytes()));
}

// What several threads write a piece at a time, the last ones first, is what one writes at once.
TEST(section_writer_takes_pieces_in_any_order_from_any_thread) {
    const auto large = pattern(large_section + 12'345, 6);
    const auto small = pattern(77, 7);
    const Image at_once = image_of({{3, flag_required, large}, {4, 0, small}});
    for (const std::size_t piece : {std::size_t{1000}, std::size_t{4096}, large.size()}) {
        const Folder folder;
        MemoryFile memory;
        AtomicFile file(folder / "a");
        for (Output* const output : {static_cast<Output*>(&memory), static_cast<Output*>(&file)}) {
            SectionWriter writer(*output);
            CHECK(writer.begin(3, flag_required, large.size()).ok());
            const std::size_t n_pieces = (large.size() + piece - 1) / piece;
            std::atomic<int> wrong{0};
            const auto put_each_third = [&](std::size_t first) {
                for (std::size_t i = n_pieces; i-- > 0;) {
                    if (i % 3 != first) continue;
                    const std::size_t at = i * piece;
                    const auto some = std::span(large).subspan(at, std::min(piece, large.size() - at));
                    wrong += writer.put(at, some).ok() ? 0 : 1;
                }
            };
            std::array<std::thread, 3> threads;
            for (std::size_t i = 0; i < threads.size(); ++i) threads[i] = std::thread(put_each_third, i);
            for (std::thread& each : threads) each.join();
            CHECK(wrong == 0 && writer.end().ok());
            CHECK(writer.add(4, 0, small).ok() && writer.finish(description()).ok());
            CHECK(writer.file_bytes() == at_once.bytes().size());
        }
        CHECK(same(memory.read().value().bytes, at_once.bytes()));
        CHECK(folder.count() <= 1 && file.replace().ok() && folder.count() == 1);
        CHECK(same(read_file(folder / "a"), at_once.bytes()));
    }
}

TEST(section_writer_shows_what_it_has_written) {
    const Small small;
    const Folder folder;
    MemoryFile memory;
    AtomicFile file(folder / "a");
    for (Output* const output : {static_cast<Output*>(&memory), static_cast<Output*>(&file)}) {
        SectionWriter writer(*output);
        CHECK(writer.written().ok() && writer.written().value().parts.empty());
        CHECK(writer.add(1, flag_required, small.first).ok() && writer.add(2, flag_required, small.second).ok());
        CHECK(writer.begin(7, 0, 1).ok());
        const auto so_far = writer.written();
        CHECK(so_far.ok() && so_far.value().parts.size() == 2);
        CHECK(so_far.value().parts[1].kind == 2 && same(so_far.value().parts[1].bytes, small.second));
        const std::byte* const behind = so_far.value().parts[1].bytes.data() + small.second.size();
        CHECK(std::all_of(behind, behind + trailing_bytes, [](std::byte each) { return each == std::byte{0}; }));
        CHECK(writer.put(0, small.third).ok() && writer.end().ok() && writer.finish(description()).ok());
    }
    CHECK(same(memory.read().value().bytes, small_image().bytes()));
    CHECK(file.replace().ok() && same(read_file(folder / "a"), small_image().bytes()));
}

TEST(section_writer_that_is_given_up_leaves_nothing) {
    const Folder folder;
    write_file(folder / "a", pattern(10, 1));
    {
        AtomicFile file(folder / "a");
        SectionWriter writer(file);
        CHECK(writer.add(1, 0, pattern(100'000, 2)).ok());
    }
    CHECK(folder.count() == 1 && same(read_file(folder / "a"), pattern(10, 1)));
}

TEST(section_writer_takes_the_most_sections_and_no_more) {
    const auto bytes = pattern(1, 5);
    MemoryFile file;
    SectionWriter writer(file);
    for (std::uint32_t kind = 0; kind < max_sections; ++kind) CHECK(writer.add(kind, 0, bytes).ok());
    CHECK(is_refused(writer.add(max_sections, 0, bytes), "64 sections, got 65"));
    CHECK(writer.finish(description()).ok());
    const Image image(file.read().value().bytes);
    const auto opened = image.open();
    CHECK(opened.ok() && opened.value().sections().size() == max_sections && opened.value().verify().ok());
}

TEST(section_writer_refuses_what_a_reader_would) {
    const auto bytes = pattern(1, 5);
    const Folder folder;
    CHECK(is_refused(write_sections(folder / "a", {{5, 0, bytes}, {5, 0, bytes}}), "section 5"));
    CHECK(is_refused(write_sections(folder / "a", {{5, 4, bytes}}), "has flags 4"));
    CHECK(folder.count() == 0);
}

TEST(section_writer_wants_every_byte_of_a_section_once) {
    const auto bytes = pattern(100, 5);
    const auto some = std::span(bytes);
    MemoryFile file;
    const auto begun = [&](SectionWriter& writer) { CHECK(writer.begin(1, 0, bytes.size()).ok()); };
    SectionWriter missing(file);
    begun(missing);
    CHECK(missing.put(0, some.first(40)).ok() && missing.put(60, some.subspan(60)).ok());
    CHECK(is_refused(missing.end(), "100 bytes once, got others than those from 40 on"));
    SectionWriter twice(file);
    begun(twice);
    CHECK(twice.put(0, some.first(40)).ok() && twice.put(30, some.subspan(30)).ok());
    CHECK(is_refused(twice.end(), "from 40 on"));
    SectionWriter outside(file);
    CHECK(is_refused(outside.put(0, some), "within a section that was begun"));
    CHECK(is_refused(outside.end(), "that was begun"));
    begun(outside);
    CHECK(is_refused(outside.put(1, some), "of 100 bytes, got 100 at 1"));
    CHECK(is_refused(outside.put(~std::uint64_t{0}, some), "of 100 bytes"));
    CHECK(is_refused(outside.begin(2, 0, 1), "end each that is begun"));
    CHECK(is_refused(outside.finish(description()), "end each that is begun"));
}
