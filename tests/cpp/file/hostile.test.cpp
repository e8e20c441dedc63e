// Files that are damaged or made to harm: an error or the same content, never a crash. Run with sanitizers to mean it.
#include <cstdint>
#include <limits>

#include "check.hpp"
#include "file/sample.hpp"

using namespace nearfile::file;
using namespace nearfile::file::sample;
using nearfile::base::Failure;

namespace {

constexpr std::uint64_t huge = std::numeric_limits<std::uint64_t>::max();

// Reads all that a reader may read, so that a sanitizer sees what is outside.
std::size_t read_everything(const Container& container) {
    std::size_t sum = 0;
    for (const SectionEntry& entry : container.sections()) {
        const auto bytes = container.section(entry.kind);
        for (std::size_t i = 0; i < bytes.size() + trailing_bytes; ++i)
            sum += std::to_integer<std::size_t>(bytes.data()[i]);
    }
    return sum + (container.verify().ok() ? 1 : 0);
}

void check_refused(const Image& image, const std::string& words) {
    const auto opened = image.open();
    CHECK(!opened.ok());
    if (opened.ok()) return;
    CHECK(opened.error().failure == Failure::bad_file);
    if (!says(opened.error(), words))
        nearfile::test::fail(__FILE__, __LINE__, opened.error().message + " says " + words);
}

void check_entry_refused(std::size_t i, const std::function<void(SectionEntry&)>& change, const std::string& words) {
    Image image = small_image();
    image.put_entry(i, change);
    check_refused(image, words);
}

void check_header_refused(const std::function<void(Header&)>& change, const std::string& words) {
    Image image = small_image();
    image.put_header(change);
    check_refused(image, words);
}

}  // namespace

TEST(hostile_every_bit_of_header_and_table) {
    Image image = small_image();
    const std::size_t end = sizeof(Header) + 3 * sizeof(SectionEntry);
    for (std::size_t at = 0; at < end; ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            image.bytes()[at] ^= std::byte{1} << bit;
            CHECK(!image.open().ok());
            image.bytes()[at] ^= std::byte{1} << bit;
        }
    }
    CHECK(image.open().ok());
}

// With the checksum made right again the checks of the fields are alone; what they let pass must be safe to read.
TEST(hostile_every_byte_of_header_and_table_with_a_right_checksum) {
    Image image = small_image();
    const std::size_t end = sizeof(Header) + 3 * sizeof(SectionEntry);
    std::size_t sum = 0;
    for (std::size_t at = 0; at < end; ++at) {
        const std::byte before = image.bytes()[at];
        for (const unsigned flip : {0x01U, 0x02U, 0x40U, 0x80U, 0xffU, 0x7fU}) {
            image.bytes()[at] = before ^ std::byte(flip);
            image.fix_crc();
            const auto opened = image.open();
            if (opened.ok()) sum += read_everything(opened.value());
        }
        image.bytes()[at] = before;
    }
    image.fix_crc();
    CHECK(sum > 0);
    CHECK(image.open().ok() && image.open().value().verify().ok());
}

TEST(hostile_verify_sees_every_bit) {
    Image image = small_image();
    for (std::size_t at = 0; at < image.bytes().size(); ++at) {
        for (int bit = 0; bit < 8; bit += 7) {
            image.bytes()[at] ^= std::byte{1} << bit;
            const auto opened = image.open();
            CHECK(!opened.ok() || !opened.value().verify().ok());
            image.bytes()[at] ^= std::byte{1} << bit;
        }
    }
}

TEST(hostile_truncation_at_every_length) {
    const Image whole = small_image();
    for (std::size_t size = 0; size < whole.bytes().size(); ++size) {
        const Image part(whole.bytes().first(size));
        const auto opened = part.open();
        CHECK(!opened.ok() && opened.error().failure == Failure::bad_file);
        if (!opened.ok() && size > 0) CHECK(says(opened.error(), "is truncated"));
        // A hostile one says that it is whole. All that it may lack is what follows the last section's trailing bytes.
        if (size < sizeof(Header)) continue;
        Image consistent(whole.bytes().first(size));
        consistent.put(offsetof(Header, file_bytes), std::uint64_t{size});
        consistent.fix_crc();
        const auto claimed = consistent.open();
        CHECK(claimed.ok() == (size >= 4416 + 1 + trailing_bytes));
        if (claimed.ok()) read_everything(claimed.value());
    }
}

TEST(hostile_truncation_on_disk) {
    const Folder folder;
    const Image whole = small_image();
    for (const std::size_t size : {0UL, 1UL, 8UL, 255UL, 256UL, 300UL, 4095UL, 4096UL, 4097UL, 4543UL}) {
        write_file(folder / "a", whole.bytes().first(size));
        const auto opened = Container::open(folder / "a", kinds, false);
        CHECK(!opened.ok());
        if (size >= 256)
            CHECK(says(opened.error(), "the header says 4544 bytes, the file has " + std::to_string(size)));
    }
}

TEST(hostile_extension) {
    const Image whole = small_image();
    for (const std::size_t more : {1UL, 63UL, 64UL, 4096UL, 100'000UL}) {
        std::vector<std::byte> bytes(whole.bytes().begin(), whole.bytes().end());
        bytes.insert(bytes.end(), more, std::byte{0});
        check_refused(Image(bytes), "is too long: the header says 4544 bytes");
    }
}

TEST(hostile_headers) {
    check_header_refused([](Header& h) { h.magic[7] = 'F'; }, "is not a nearfile");
    check_header_refused([](Header& h) { h.format_version = 2; }, "newer version");
    check_header_refused([](Header& h) { h.format_version = 2; }, "upgrade nearfile");
    check_header_refused([](Header& h) { h.format_version = 0; }, "version 0");
    check_header_refused(
        [](Header& h) {
            h.endian_tag = 0x04030201;
            h.format_version = 1 << 24;
        },
        "big-endian");
    check_header_refused([](Header& h) { h.endian_tag = 0; }, "endian tag");
    check_header_refused([](Header& h) { h.file_bytes = huge; }, "truncated");
    check_header_refused([](Header& h) { h.file_bytes = 0; }, "too long");
    check_header_refused([](Header& h) { h.section_count = 65; }, "65 sections");
    check_header_refused([](Header& h) { h.section_count = 0xffffffff; }, "4294967295 sections");
    check_header_refused([](Header& h) { h.reserved[31] = std::byte{1}; }, "reserved part");
    // One entry more than there are: all zeros, so it is an empty section.
    check_header_refused([](Header& h) { h.section_count = 4; }, "is empty");
}

TEST(hostile_places) {
    check_entry_refused(0, [](SectionEntry& e) { e.offset = 4097; }, "multiple of 64");
    check_entry_refused(0, [](SectionEntry& e) { e.offset = 0; }, "starts before byte 4096");
    check_entry_refused(0, [](SectionEntry& e) { e.offset = 4096 - 64; }, "starts before byte 4096");
    check_entry_refused(1, [](SectionEntry& e) { e.offset = 4096; }, "starts before byte 4260");
    check_entry_refused(1, [](SectionEntry& e) { e.offset = 4096 + 128; }, "starts before byte 4260");
    check_entry_refused(0, [](SectionEntry& e) { e.length = 200; }, "starts before byte");  // runs into the next one
    check_entry_refused(2, [](SectionEntry& e) { e.length = 65; }, "do not fit");  // no room for the trailing bytes
    check_entry_refused(2, [](SectionEntry& e) { e.offset = 4544; }, "do not fit");
    check_entry_refused(2, [](SectionEntry& e) { e.offset = huge - 63; }, "do not fit");
    check_entry_refused(2, [](SectionEntry& e) { e.offset = std::uint64_t{1} << 63; }, "do not fit");
    check_entry_refused(2, [](SectionEntry& e) { e.length = huge; }, "do not fit");
    check_entry_refused(2, [](SectionEntry& e) { e.length = huge - e.offset; }, "do not fit");
    check_entry_refused(2, [](SectionEntry& e) { e.length = huge - e.offset - 63; }, "do not fit");
    check_entry_refused(0, [](SectionEntry& e) { e.length = huge - e.offset - 63; }, "do not fit");
    check_entry_refused(0, [](SectionEntry& e) { e.offset = 4288; }, "starts before byte");  // not in order
    check_entry_refused(1, [](SectionEntry& e) { e.length = 0; }, "is empty");
    check_entry_refused(1, [](SectionEntry& e) { e.reserved = 1; }, "reserved field");
    check_entry_refused(1, [](SectionEntry& e) { e.kind = 1; }, "twice");
    check_entry_refused(2, [](SectionEntry& e) { e.kind = 1; }, "twice");
    check_entry_refused(2, [](SectionEntry& e) { e.flags = 2; }, "upgrade nearfile");
}

TEST(hostile_table_larger_than_the_file) {
    std::array<std::byte, sizeof(Header) + 32> bytes{};
    std::memcpy(bytes.data(), small_image().bytes().data(), bytes.size());
    Image image(bytes);
    image.put(offsetof(Header, file_bytes), std::uint64_t{bytes.size()});
    image.put(offsetof(Header, section_count), std::uint32_t{64});
    check_refused(image, "do not hold its table of 64 sections");
}

TEST(hostile_unknown_sections) {
    Image image = small_image();
    image.put_entry(2, [](SectionEntry& e) { e.kind = 900; });
    const auto optional = image.open();
    CHECK(optional.ok() && optional.value().sections().size() == 3);
    CHECK(optional.value().section(2).size() == 64 && optional.value().verify().ok());
    CHECK(optional.value().has(900));

    image.put_entry(2, [](SectionEntry& e) { e.flags = flag_required; });
    check_refused(image, "kind 900");
    check_refused(image, "upgrade nearfile");
    const std::array<std::uint32_t, 3> more = {1, 2, 900};
    CHECK(image.open(more).ok());
}

// Any bytes at all behind a right header checksum.
TEST(hostile_noise) {
    std::uint64_t state = 88172645463325252;
    const auto next = [&] {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return state;
    };
    std::size_t opened_count = 0;
    Image image = small_image();
    for (int round = 0; round < 30'000; ++round) {
        image = small_image();
        for (std::uint64_t changes = next() % 4 + 1; changes > 0; --changes) {
            const std::size_t field = sizeof(Header) + next() % 24 * 4;  // a 32-bit word of the table
            // Mostly small, near real places, or near an overflow.
            const std::uint64_t kind = next() % 4;
            const std::uint64_t values[] = {next() % 8, next() % 80 * 64, 0 - next() % 200, next()};
            image.put(field, static_cast<std::uint32_t>(values[kind]));
        }
        image.fix_crc();
        const auto opened = image.open();
        if (!opened.ok()) continue;
        ++opened_count;
        read_everything(opened.value());
    }
    CHECK(opened_count > 0);
}
