// Graph files that are damaged or made to harm: Error(bad_file), or an index that answers in full. Run with sanitizers
// to mean it.
#include <cstddef>
#include <map>

#include "api/graph_sample.hpp"
#include "base/crc32c.hpp"
#include "check.hpp"
#include "file/sample.hpp"
#include "forest/forest.hpp"
#include "graph/sorted_row.hpp"
#include "opened/description.hpp"
#include "opened/graph_view.hpp"

using namespace nearfile;
using namespace nearfile::sample;
using nearfile::file::Header;
using nearfile::file::SectionEntry;
using nearfile::file::sample::Image;
using nearfile::opened::CodeKind;
using nearfile::opened::Description;
using nearfile::opened::SectionKind;
using nearfile::opened::SpaceKind;

namespace {

constexpr std::uint32_t n = 2500;  // so many that searches walk
constexpr std::uint32_t words[] = {0, 1, 7, n - 1, n, n + 1, 0x7f800000, 0x7fffffff, 0x80000000, 0xffffffff};

struct Kind {
    Metric metric;
    Values values;
    std::uint32_t dim;
    Profile profile;
    Keep keep;
};

// Every space, with sketches and without, every kind of code.
constexpr Kind kinds[] = {
    {Metric::angular, Values::floats, 10, Profile::balanced, Keep::exact},
    {Metric::cosine, Values::floats, 140, Profile::compact, Keep::none},
    {Metric::angular, Values::floats, 190, Profile::compact, Keep::none},
    {Metric::euclidean, Values::floats, 128, Profile::compact, Keep::none},
    {Metric::angular, Values::floats, 120, Profile::compact, Keep::exact},
    {Metric::euclidean, Values::bytes, 20, Profile::fast, Keep::exact},
    {Metric::euclidean, Values::floats, 150, Profile::balanced, Keep::none},
    {Metric::dot, Values::floats, 33, Profile::balanced, Keep::half},
    {Metric::dot, Values::floats, 20, Profile::compact, Keep::none},
    {Metric::manhattan, Values::floats, 12, Profile::balanced, Keep::none},
    {Metric::hamming, Values::bits, 100, Profile::balanced, Keep::exact},
};

std::string name_of(const Kind& kind) {
    return sample::name_of(kind.metric, kind.profile, kind.keep);
}

Image image_of(const Kind& kind) {
    static std::map<std::string, Image> built;
    const std::string name = name_of(kind) + std::to_string(kind.dim);
    if (!built.contains(name)) {
        const Data data = data_of(kind.values, n, kind.dim, 1);
        built.emplace(name, make_index(kind.metric, data, graph_options(kind.profile, kind.keep)).bytes());
    }
    return Image(built.at(name).bytes());
}

// Among what is allowed less what is excluded: as many as there are, whichever rows a damaged order gives them.
void use_filters(const Index& index, std::span<const float> query, const std::string& what) {
    const std::vector<std::uint32_t> exclude = {0, 7, 7, 300};
    for (const std::uint32_t one_in : {1u, 2u, 90u}) {
        std::vector<std::uint8_t> mask(index.size());
        for (std::uint32_t row = 0; row < index.size(); row += one_in) mask[row] = 1;
        const Filter filter = index.filter(mask);
        const std::span<const std::uint32_t> some =
            index.size() > 300 ? std::span(exclude) : std::span(exclude).first(0);
        for (const SearchOptions& options :
             {SearchOptions{.k = 10, .filter = &filter, .exclude = some}, SearchOptions{.k = 1000, .filter = &filter},
              SearchOptions{.k = 10, .effort = 9, .filter = &filter}}) {
            const auto found = index.search(query, options);
            bool holds = found.size() <= std::min(options.k, filter.size()) &&
                         found.size() + options.exclude.size() >= std::min(options.k, filter.size());
            for (const Neighbor& each : found) holds = holds && each.row < index.size() && mask[each.row] != 0;
            if (!holds) nearfile::test::fail(__FILE__, __LINE__, what + ": neighbours that are allowed");
        }
    }
}

// Everything that an index can be asked. A damaged order of items may name one twice, so rows need not be distinct.
void use(const Index& index, const std::string& what) {
    std::vector<float> query(index.dim(), 1.0f);
    for (const SearchOptions& options : {SearchOptions{.k = 10, .effort = 1}, SearchOptions{.k = 40, .effort = 60},
                                         SearchOptions{.k = 10, .exact = true}, SearchOptions{.k = 1000}}) {
        const auto found = index.search(query, options);
        bool in_range = found.size() == std::min(options.k, index.size());
        for (const Neighbor& each : found) in_range = in_range && each.row < index.size();
        if (!in_range) nearfile::test::fail(__FILE__, __LINE__, what + ": min(k, n) neighbours of the index");
    }
    use_filters(index, query, what);
    for (std::uint32_t row = 0; row < std::min(index.size(), 400u); row += 37) {
        index.vector(row, query);
        index.distance(row, index.size() - 1);
    }
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

bool has(const Image& image, SectionKind kind) {
    for (std::uint32_t i = 0; i < image.get<Header>(0).section_count; ++i) {
        const auto entry = image.get<SectionEntry>(sizeof(Header) + i * sizeof(SectionEntry));
        if (entry.kind == static_cast<std::uint32_t>(kind)) return true;
    }
    return false;
}

SectionEntry entry_of(const Image& image, SectionKind kind) {
    for (std::uint32_t i = 0; i < image.get<Header>(0).section_count; ++i) {
        const auto entry = image.get<SectionEntry>(sizeof(Header) + i * sizeof(SectionEntry));
        if (entry.kind == static_cast<std::uint32_t>(kind)) return entry;
    }
    return {};
}

Description description_of(const Image& image) {
    return image.get<Description>(offsetof(Header, description));
}

// Where in the row of a vertex its neighbours stand.
std::size_t numbers_of(const Image& image) {
    const Description description = description_of(image);
    if (description.walk_dim == 0) return 0;
    return codes::SketchLayout(opened::sketched_dim(description), description.degree,
                               opened::id_bytes(description.count), opened::sketch_kind(description.metric))
        .ids;
}

// The file with another description, and whether it opens.
template <class Change>
bool opens_described(const Image& good, const Change& change, const std::string& what) {
    Image image(good.bytes());
    auto description = image.get<Description>(offsetof(Header, description));
    change(description);
    image.put(offsetof(Header, description), description);
    image.fix_crc();
    return opens(image, what);
}

}  // namespace

TEST(graph_open_of_whole_files) {
    for (const Kind& kind : kinds) {
        const Image image = image_of(kind);
        CHECK(opens(image, name_of(kind)));
        Index::open_buffer(image.bytes(), nullptr, {.verify = true});
    }
}

// Searches look a calibration up every time and trust its order.
TEST(graph_open_refuses_calibrations_that_hold_no_shares_do_not_ascend_or_are_long) {
    const Data data = data_of(Values::floats, 6000, 16, 1);
    const Index index = make_index(Metric::euclidean, data, graph_options());
    CHECK(index.info().calibration.size() > 2);
    const Image good(index.bytes());
    const SectionEntry entry = entry_of(good, SectionKind::calibration);
    const auto refused = [&](const auto& change) {
        Image image(good.bytes());
        for (std::size_t i = 0; i < 2; ++i) {
            const std::size_t at = entry.offset + i * sizeof(CalibrationPoint);
            auto point = image.get<CalibrationPoint>(at);
            change(point, i);
            image.put(at, point);
        }
        const Caught error = caught([&] { Index::open_buffer(image.bytes(), nullptr); });
        return error.is(ErrorCode::bad_file, "calibration");
    };
    CHECK(!refused([](CalibrationPoint&, std::size_t) {}));
    CHECK(refused([](CalibrationPoint& point, std::size_t) { point.recall = NAN; }));
    CHECK(refused([](CalibrationPoint& point, std::size_t) { point.recall = 1.5f; }));
    CHECK(refused([](CalibrationPoint& point, std::size_t) { point.standard_error = -1; }));
    CHECK(refused([](CalibrationPoint& point, std::size_t) { point.effort = 0; }));
    CHECK(refused([](CalibrationPoint& point, std::size_t) { point.effort = 50; }));
    CHECK(refused([](CalibrationPoint& point, std::size_t i) { point.recall = i == 0 ? 0.9f : 0.1f; }));
    CHECK(refused([](CalibrationPoint& point, std::size_t i) { point.k = i == 0 ? 10 : 1; }));

    Image longer(good.bytes());
    for (std::uint32_t i = 0; i < longer.get<Header>(0).section_count; ++i) {
        longer.put_entry(i, [&](SectionEntry& each) {
            if (each.kind == static_cast<std::uint32_t>(SectionKind::calibration)) each.length = 257 * 16;
        });
    }
    CHECK(caught([&] { Index::open_buffer(longer.bytes(), nullptr); }).is(ErrorCode::bad_file));
}

TEST(graph_open_refuses_sections_of_another_length_or_that_are_missing) {
    for (const Kind& kind : kinds) {
        const Image good = image_of(kind);
        for (std::uint32_t i = 0; i < good.get<Header>(0).section_count; ++i) {
            const auto entry = good.get<SectionEntry>(sizeof(Header) + i * sizeof(SectionEntry));
            const auto section = static_cast<SectionKind>(entry.kind);
            const bool needed = section == SectionKind::vertices || section == SectionKind::nibbles ||
                                section == SectionKind::row_of_item || section == SectionKind::item_of_row ||
                                section == SectionKind::vectors || section == SectionKind::codes ||
                                section == SectionKind::center || section == SectionKind::roots ||
                                section == SectionKind::whitening || section == SectionKind::nibble_tails ||
                                section == SectionKind::inverse_lengths || section == SectionKind::lower_nibbles ||
                                section == SectionKind::sorted_vertices;
            for (const std::int64_t more : {-64, -16, -4, -1, 1, 4, 16, 64}) {
                if (more < 0 && entry.length <= static_cast<std::uint64_t>(-more)) continue;
                Image image(good.bytes());
                image.put_entry(i, [&](SectionEntry& each) { each.length += static_cast<std::uint64_t>(more); });
                CHECK(!opens(image, name_of(kind) + ", section " + std::to_string(entry.kind)) || !needed);
            }
            Image image(good.bytes());
            image.put_entry(i, [](SectionEntry& each) { each.kind = 1000, each.flags = 0; });
            CHECK(!opens(image, name_of(kind) + ", without section " + std::to_string(entry.kind)) || !needed);
        }
    }
}

TEST(graph_open_of_every_description_field_altered) {
    std::size_t refused = 0;
    for (const Kind& kind : kinds) {
        const Image good = image_of(kind);
        const std::size_t start = offsetof(Header, description);
        for (std::size_t at = start; at < start + offsetof(Description, reserved); at += 4) {
            const auto before = good.get<std::uint32_t>(at);
            for (const std::uint32_t value : {0u, 1u, 2u, 3u, 4u, 5u, 128u, before - 1, before + 1, before * 2,
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

TEST(graph_open_refuses_descriptions_that_do_not_go_together) {
    const Image sketched = image_of({Metric::euclidean, Values::floats, 32, Profile::balanced, Keep::exact});
    CHECK(!has(sketched, SectionKind::codes));
    const auto refused = [&](const auto& change) { return !opens_described(sketched, change, "sketched"); };
    CHECK(!refused([](Description&) {}));
    // Neither sketches nor codes: the walk would have nothing to go by. The degree is such that lengths fit.
    CHECK(refused([&](Description& each) {
        const auto stride = entry_of(sketched, SectionKind::vertices).length / n;
        each.walk_dim = 0, each.degree = static_cast<std::uint32_t>(stride / 4);
    }));
    CHECK(refused([](Description& each) { each.space = SpaceKind::own; }));
    CHECK(refused([](Description& each) { each.structure = Structure::forest; }));
    CHECK(refused([](Description& each) { each.degree = 0; }));
    CHECK(refused([](Description& each) { each.degree += 1; }));
    CHECK(refused([](Description& each) { each.degree = 2048; }));
    CHECK(refused([](Description& each) { each.walk_dim += 32; }));
    CHECK(refused([](Description& each) { each.metric = Metric::manhattan; }));
    CHECK(refused([](Description& each) { each.profile = static_cast<Profile>(3); }));
    CHECK(refused([](Description& each) { each.keep = static_cast<Keep>(3); }));
    // Sketches of other dimensions, of as many as the walk sees, of none at all. The places are such that lengths fit.
    const Image fewer = image_of({Metric::euclidean, Values::floats, 150, Profile::balanced, Keep::none});
    const auto refused_fewer = [&](const auto& change) { return !opens_described(fewer, change, "fewer"); };
    CHECK(description_of(fewer).sketch_dim != 0);
    CHECK(!refused_fewer([](Description&) {}));
    for (const std::uint32_t seen : {0u, 1u, 33u, 64u, 256u, 0xffffffe0u}) {
        CHECK(refused_fewer([seen](Description& each) { each.sketch_dim = seen; }));
    }
    CHECK(refused_fewer([](Description& each) { each.sketch_dim = each.walk_dim; }));
    CHECK(refused([](Description& each) { each.sketch_dim = 32; }));
    const Image split = image_of({Metric::euclidean, Values::floats, 128, Profile::compact, Keep::none});
    const auto refused_split = [&](const auto& change) { return !opens_described(split, change, "split"); };
    CHECK(!refused_split([](Description&) {}));
    CHECK(refused_split([](Description& each) { each.walk_dim = 0; }));
    CHECK(refused_split([](Description& each) { each.sketch_dim = 32; }));
    CHECK(refused_split([](Description& each) { each.space = SpaceKind::own; }));
    CHECK(refused_split([](Description& each) { each.keep = Keep::exact; }));
    CHECK(refused_split([](Description& each) { each.metric = Metric::dot; }));
    CHECK(refused_split([](Description& each) { each.metric = Metric::manhattan; }));
    CHECK(refused_split([](Description& each) { each.structure = Structure::forest; }));
    CHECK(refused_split([](Description& each) { each.code_kind = CodeKind::scaled; }));
    CHECK(refused_split([](Description& each) { each.code_kind = CodeKind::none; }));
    const Image whitened = image_of({Metric::dot, Values::floats, 33, Profile::balanced, Keep::exact});
    CHECK(!opens_described(whitened, [](Description& each) { each.metric = Metric::angular; }, "no inner products"));
    CHECK(!opens_described(
        whitened, [](Description& each) { each.dim = each.plane_dim = each.walk_dim = 257; }, "too wide"));
    CHECK(refused([](Description& each) { each.space = SpaceKind::whitened; }));
    const Image plain = image_of({Metric::hamming, Values::bits, 32, Profile::balanced, Keep::exact});
    CHECK(!opens_described(plain, [](Description& each) { each.walk_dim = 32; }, "sketches of bits"));
    CHECK(!opens_described(plain, [](Description& each) { each.sketch_dim = 32; }, "and of nothing"));
    // More dimensions than sketches can add up.
    const Image wide =
        Image(make_index(Metric::euclidean, data_of(Values::floats, 0, 100, 1), graph_options()).bytes());
    const auto describe = [](std::uint32_t dim) {
        return [dim](Description& each) {
            each.dim = each.plane_dim = each.walk_dim = dim, each.sketch_dim = 0;
            each.degree = 16, each.space = SpaceKind::rotation;
        };
    };
    make_index(Metric::euclidean, data_of(Values::floats, 0, 5000, 1), graph_options());  // opens what it built
    CHECK(opens_described(wide, describe(4096), "4096"));
    CHECK(!opens_described(wide, describe(4097), "4097"));
}

TEST(graph_open_takes_projections_to_whole_blocks_of_fewer_dimensions_alone) {
    const Image empty =
        Image(make_index(Metric::euclidean, data_of(Values::floats, 0, 200, 1), graph_options()).bytes());
    const auto opens_with = [&](Structure structure, std::uint32_t dim, std::uint32_t directions) {
        const bool graph = structure == Structure::graph;
        return opens_described(
            empty,
            [&](Description& each) {
                each.structure = structure;
                if (!graph) each.profile = Profile{}, each.keep = Keep{};
                each.dim = dim, each.plane_dim = directions;
                each.walk_dim = graph ? directions : 0, each.sketch_dim = 0, each.degree = graph ? 16 : 0;
                each.code_kind = graph ? CodeKind::none : CodeKind::scaled;
                each.space = SpaceKind::projection;
            },
            std::to_string(directions) + " of " + std::to_string(dim));
    };
    for (const std::uint32_t directions : {64u, 128u, 192u}) CHECK(opens_with(Structure::graph, 200, directions));
    for (const std::uint32_t directions : {0u, 1u, 63u, 65u, 96u, 200u, 256u, 0xffffffc0u})
        CHECK(!opens_with(Structure::graph, 200, directions));
    CHECK(!opens_with(Structure::graph, 128, 128));
    CHECK(!opens_with(Structure::graph, 8192, 4160));
    for (const std::uint32_t directions : {64u, 192u}) CHECK(!opens_with(Structure::forest, 200, directions));
}

// Whatever numbers a section has: every word of it in turn, or all at once.
TEST(graph_open_of_sections_full_of_bad_numbers) {
    for (const Kind& kind : kinds) {
        const Image good = image_of(kind);
        for (const SectionKind section :
             {SectionKind::vertices, SectionKind::nibbles, SectionKind::nibble_tails, SectionKind::row_of_item,
              SectionKind::item_of_row, SectionKind::roots, SectionKind::splits, SectionKind::planes,
              SectionKind::leaf_starts, SectionKind::codes, SectionKind::center, SectionKind::vectors,
              SectionKind::projection_scales, SectionKind::whitening, SectionKind::inverse_lengths,
              SectionKind::lower_nibbles, SectionKind::sorted_vertices}) {
            if (!has(good, section)) continue;
            const SectionEntry entry = entry_of(good, section);
            const std::string what = name_of(kind) + ", section " + std::to_string(entry.kind);
            for (const std::uint32_t word : words) {
                Image all(good.bytes());
                for (std::uint64_t at = 0; at + 4 <= entry.length; at += 4) all.put(entry.offset + at, word);
                CHECK(opens(all, what + ", all"));
                Image some(good.bytes());
                base::Random random(word);
                for (std::uint64_t at = 0; at + 4 <= entry.length; at += 4) {
                    if (random.below(5) == 0) some.put(entry.offset + at, word);
                }
                CHECK(opens(some, what + ", some"));
            }
        }
    }
}

TEST(graph_verify_finds_what_no_checksum_does) {
    for (const Kind& kind : kinds) {
        const Image good = image_of(kind);
        const auto found = [&](SectionKind section, std::uint64_t at, auto value) {
            Image image(good.bytes());
            const SectionEntry entry = entry_of(good, section);
            image.put(entry.offset + at, value);
            const auto bytes = image.bytes().subspan(entry.offset, entry.length);
            for (std::uint32_t i = 0; i < image.get<Header>(0).section_count; ++i) {
                image.put_entry(i, [&](SectionEntry& each) {
                    if (each.kind == entry.kind) each.crc = base::crc32c(bytes);
                });
            }
            return caught([&] { Index::open_buffer(image.bytes(), nullptr, {.verify = true}); })
                .is(ErrorCode::bad_file, "is damaged: section");
        };
        const auto first = good.get<std::uint32_t>(entry_of(good, SectionKind::row_of_item).offset);
        CHECK(found(SectionKind::row_of_item, 4, first));
        CHECK(found(SectionKind::row_of_item, 8, n));
        CHECK(found(SectionKind::item_of_row, 12, n + 5));
        if (has(good, SectionKind::sorted_vertices)) {
            const graph::SortedRowLayout layout(n, description_of(good).degree);
            // The last neighbour of all at once, and more than there are places for.
            CHECK(found(SectionKind::sorted_vertices, layout.stride - 2, std::uint16_t{0xffff}));
            CHECK(found(SectionKind::sorted_vertices, layout.upper_at, ~std::uint64_t{0}));
        } else {
            const std::size_t numbers = numbers_of(good);
            CHECK(found(SectionKind::vertices, numbers, static_cast<std::uint16_t>(n)));
            CHECK(found(SectionKind::vertices, numbers, std::uint16_t{0xfffe}));
        }
        if (has(good, SectionKind::whitening)) CHECK(found(SectionKind::whitening, 4, 0x7fc00000u));
        CHECK(found(SectionKind::leaf_starts, 8, std::uint64_t{1} << 40));
        CHECK(found(SectionKind::roots, 0, forest::leaf_bit));  // one leaf, for all
    }
}
