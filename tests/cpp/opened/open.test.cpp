// Files that are damaged or made to harm: Error(bad_file), or an index that answers in full. Run with sanitizers to
// mean it.
#include <cstddef>

#include "api/sample.hpp"
#include "check.hpp"
#include "file/sample.hpp"
#include "opened/description.hpp"

using namespace nearfile;
using namespace nearfile::sample;
using nearfile::file::Header;
using nearfile::file::SectionEntry;
using nearfile::file::sample::Image;

namespace {

constexpr std::uint32_t n = 300;

struct Kind {
    Metric metric;
    Values values;
    std::uint32_t dim;
    IdKind ids;
};

// Every kind of code, of values, of ids; with a projection and without.
constexpr Kind kinds[] = {
    {Metric::angular, Values::floats, 10, IdKind::string}, {Metric::cosine, Values::halves, 130, IdKind::row},
    {Metric::euclidean, Values::floats, 7, IdKind::int64}, {Metric::euclidean, Values::bytes, 140, IdKind::string},
    {Metric::dot, Values::bytes, 129, IdKind::int64},      {Metric::manhattan, Values::floats, 33, IdKind::string},
    {Metric::manhattan, Values::bytes, 10, IdKind::row},   {Metric::hamming, Values::bits, 100, IdKind::int64},
};

Image image_of(const Kind& kind) {
    Builder builder(kind.dim, kind.metric);
    const Data data = data_of(kind.values, n, kind.dim, 1);
    std::vector<std::int64_t> numbers;
    std::vector<std::string> texts;
    for (std::uint32_t row = 0; row < n; ++row) {
        numbers.push_back((row * 7919) % 10007 - 5000);
        texts.push_back("name " + std::to_string(numbers.back()));
    }
    if (kind.ids == IdKind::row) builder.add(data.values);
    if (kind.ids == IdKind::int64) builder.add(data.values, numbers);
    if (kind.ids == IdKind::string) builder.add(data.values, std::vector<std::string_view>(texts.begin(), texts.end()));
    return Image(builder.build(forest_options(3)).bytes());
}

// Everything that an index can be asked.
void use(const Index& index, const std::string& what) {
    base::Random random(7);
    std::vector<float> query(index.dim());
    for (float& value : query) value = static_cast<float>(random.below(2));
    for (const SearchOptions& options :
         {SearchOptions{.k = 10, .search_k = 40}, SearchOptions{.k = 40, .search_k = 100},
          SearchOptions{.k = 10, .exact = true}, SearchOptions{.k = 1000}}) {
        check_complete(index, index.search(query, options), options.k, what);
    }
    const std::vector<std::uint32_t> exclude(index.size() / 90, index.size() / 3);
    const Filter filter = ~index.filter_of_rows(exclude);
    for (const SearchOptions& options : {SearchOptions{.k = 10, .search_k = 30, .filter = &filter},
                                         SearchOptions{.k = 1000, .filter = &filter, .exclude = exclude}}) {
        check_complete(index, index.search(query, options), std::min(options.k, filter.size()), what);
    }
    for (std::uint32_t row = 0; row < std::min(index.size(), 400u); row += 17) {
        index.vector(row, query);
        index.distance(row, index.size() - 1);
        index.find(index.int64_id(row));
        index.find(index.string_id(row));
    }
    index.find("nobody");
    index.find(std::int64_t{123456});
    index.info();
    caught([&] { index.verify(); });
}

// Whether it opens; whatever does must answer.
bool opens(const Image& image, const std::string& what) {
    const Caught error = caught([&] { use(Index::open_buffer(image.bytes(), nullptr), what); });
    if (error.any && !error.is(ErrorCode::bad_file))
        nearfile::test::fail(__FILE__, __LINE__, what + ": " + error.message);
    return !error.any;
}

std::string name_of(const Kind& kind) {
    return std::string(metric_name(kind.metric)) + " " + std::to_string(kind.dim);
}

}  // namespace

TEST(open_of_whole_files) {
    for (const Kind& kind : kinds) {
        const Image image = image_of(kind);
        CHECK(opens(image, name_of(kind)));
        Index::open_buffer(image.bytes(), nullptr, {.verify = true});
    }
}

TEST(open_refuses_sections_of_another_length_or_that_are_missing) {
    for (const Kind& kind : kinds) {
        const Image good = image_of(kind);
        const auto sections = good.get<Header>(0).section_count;
        for (std::uint32_t i = 0; i < sections; ++i) {
            const auto entry = good.get<SectionEntry>(sizeof(Header) + i * sizeof(SectionEntry));
            const bool free_length = entry.kind == static_cast<std::uint32_t>(opened::SectionKind::id_text) ||
                                     entry.kind == static_cast<std::uint32_t>(opened::SectionKind::leaf_starts) ||
                                     entry.kind == static_cast<std::uint32_t>(opened::SectionKind::splits);
            for (const std::int64_t more : {-64, -16, -8, -4, -1, 1, 4, 8, 16, 64}) {
                if (more < 0 && entry.length <= static_cast<std::uint64_t>(-more)) continue;
                Image image(good.bytes());
                image.put_entry(i, [&](SectionEntry& each) { each.length += static_cast<std::uint64_t>(more); });
                const bool opened = opens(image, name_of(kind) + ", length of section " + std::to_string(entry.kind));
                CHECK(!opened || free_length);
            }
            Image image(good.bytes());
            image.put_entry(i, [](SectionEntry& each) { each.kind = 1000, each.flags = 0; });
            const bool id_order = entry.kind == static_cast<std::uint32_t>(opened::SectionKind::id_order);
            const bool opened = opens(image, name_of(kind) + ", without section " + std::to_string(entry.kind));
            CHECK(!opened || id_order || free_length);
        }
    }
}

TEST(open_of_every_description_field_altered) {
    std::size_t refused = 0;
    for (const Kind& kind : kinds) {
        const Image good = image_of(kind);
        const std::size_t start = offsetof(Header, description);
        for (std::size_t at = start; at < start + offsetof(opened::Description, reserved); at += 4) {
            const auto before = good.get<std::uint32_t>(at);
            for (const std::uint32_t value :
                 {0u, 1u, 2u, 3u, 4u, 5u, 6u, 128u, before - 1, before + 1, before * 2, before ^ 0x80000000u,
                  0x7fc00000u, 0x7f800000u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
                Image image(good.bytes());
                image.put(at, value);
                image.fix_crc();
                refused += opens(image, name_of(kind) + ", description at " + std::to_string(at - start)) ? 0 : 1;
            }
        }
    }
    CHECK(refused > 500);
}

TEST(open_refuses_bytes_that_are_no_file) {
    const auto open = [](std::span<const std::byte> bytes) {
        return caught([&] { Index::open_buffer(bytes, nullptr); });
    };
    const Image good = image_of(kinds[0]);
    CHECK(open({}).is(ErrorCode::bad_file));
    for (const std::size_t size : {1, 8, 100, 256, 4096, 10000})
        CHECK(open(good.bytes().first(size)).is(ErrorCode::bad_file));
    CHECK(open(Image(std::vector<std::byte>(5000)).bytes()).is(ErrorCode::bad_file));
    CHECK(open(good.bytes().subspan(1)).is(ErrorCode::invalid_argument, "multiple of 64"));
    CHECK(caught([] { Index::open("/no/such/file.near"); }).is(ErrorCode::io));
}

TEST(open_survives_random_damage_in_any_section) {
    base::Random random(11);
    for (const Kind& kind : kinds) {
        const Image good = image_of(kind);
        const auto sections = good.get<Header>(0).section_count;
        for (std::uint32_t i = 0; i < sections; ++i) {
            const auto entry = good.get<SectionEntry>(sizeof(Header) + i * sizeof(SectionEntry));
            for (int round = 0; round < 12; ++round) {
                Image image(good.bytes());
                const auto body = image.bytes().subspan(entry.offset, entry.length);
                // From one byte in a thousand to every byte; noise, ones or zeros.
                const std::uint32_t every = round < 4 ? 1000 : round < 8 ? 30 : 1;
                for (auto& byte : body) {
                    if (random.below(every) != 0) continue;
                    byte = round % 4 == 0   ? std::byte{0xff}
                           : round % 4 == 1 ? std::byte{0}
                                            : static_cast<std::byte>(random.next());
                }
                CHECK(opens(image, name_of(kind) + ", damage in section " + std::to_string(entry.kind)));
            }
        }
    }
}

TEST(open_verify_finds_one_bit_in_any_section) {
    for (const Kind& kind : kinds) {
        Image image = image_of(kind);
        for (const auto& section : Index::open_buffer(image.bytes(), nullptr).info().sections) {
            std::byte& byte = image.bytes()[section.offset + section.bytes / 2];
            byte ^= std::byte{4};
            const Index damaged = Index::open_buffer(image.bytes(), nullptr);
            CHECK(caught([&] { damaged.verify(); }).is(ErrorCode::bad_file, section.name));
            byte ^= std::byte{4};
        }
    }
}
