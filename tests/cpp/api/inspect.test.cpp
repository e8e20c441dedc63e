// What a file has of one item: for every kind of file what the bytes say, and an error where they are damaged.
#include "api/graph_sample.hpp"
#include "api/inspection_checker.hpp"
#include "check.hpp"
#include "file/sample.hpp"
#include "opened/description.hpp"

using namespace nearfile;
using namespace nearfile::sample;
using nearfile::file::sample::Image;

namespace {

constexpr std::uint32_t n = 150;
constexpr std::uint32_t none = 0xffffffffu;

struct Asked {
    Metric metric;
    Values values;
    std::uint32_t dim;
    IdKind ids;
    BuildOptions options;

    std::string name() const {
        const std::string structure(structure_name(options.structure));
        return name_of(metric, options.profile, options.keep) + " " + structure + " " + std::string(id_kind_name(ids)) +
               " x " + std::to_string(dim);
    }
};

Index build(const Asked& asked) {
    Data data = data_of(asked.metric == Metric::hamming ? Values::bits : asked.values, n, asked.dim, 1);
    std::fill_n(data.values.begin() + 5 * asked.dim, asked.dim, 0.0f);  // one has no direction
    std::vector<std::int64_t> numbers;
    std::vector<std::string> texts;
    for (std::uint32_t row = 0; row < n; ++row) {
        numbers.push_back(number_of(row));
        texts.push_back(text_of(row));
    }
    Builder builder(asked.dim, asked.metric);
    if (asked.ids == IdKind::row) builder.add(data.values);
    if (asked.ids == IdKind::int64) builder.add(data.values, numbers);
    if (asked.ids == IdKind::string) {
        builder.add(data.values, std::vector<std::string_view>(texts.begin(), texts.end()));
    }
    return builder.build(asked.options);
}

// Every metric, structure, profile, thing to keep and kind of id, of few and of many dimensions, and of all value
// types.
std::vector<Asked> everything() {
    std::vector<Asked> all;
    for (const Metric metric : metrics) {
        for (const IdKind ids : {IdKind::row, IdKind::int64, IdKind::string}) {
            std::vector<BuildOptions> ways = {forest_options(5)};
            for (const Profile profile : profiles) {
                for (const Keep keep : keeps) ways.push_back(graph_options(profile, keep));
            }
            for (const BuildOptions& way : ways) {
                const auto i = static_cast<std::uint32_t>(all.size());
                all.push_back({metric, static_cast<Values>(i % 3), i % 2 == 0 ? 21u : 190u, ids, way});
            }
        }
    }
    return all;
}

// What inspecting a row of a damaged file throws.
Caught inspected(const Image& image, std::uint32_t row) {
    return caught([&] { Index::open_buffer(image.bytes(), nullptr).inspect(row); });
}

std::uint64_t offset_of(const Index& index, const std::string& section) {
    for (const Section& each : index.info().sections) {
        if (each.name == section) return each.offset;
    }
    test::fail(__FILE__, __LINE__, "there is a section " + section);
    return 0;
}

}  // namespace

TEST(inspect_tells_what_the_bytes_say_for_every_metric_profile_keep_and_kind_of_id) {
    for (const Asked& asked : everything()) {
        const Index index = build(asked);
        InspectionChecker(asked.name(), index).every_item();
    }
}

// Of items that are alike some have to go to the other side, so that their paths are not those that a search takes.
TEST(inspect_finds_the_leaf_that_has_the_item_wherever_a_search_would_go) {
    for (const Metric metric : metrics) {
        for (const bool graph : {false, true}) {
            const Index index =
                make_index(metric, data_of(Values::bits, 1500, 4, 1), graph ? graph_options() : forest_options(4));
            std::size_t elsewhere = 0;
            for (std::uint32_t row = 0; row < index.size(); ++row) {
                for (const Inspection::Leaf& leaf : index.inspect(row).leaves) {
                    CHECK(std::ranges::count(leaf.rows, row) == 1);
                    for (const Inspection::Split& split : leaf.path) elsewhere += split.above != split.search_above;
                }
            }
            CHECK(elsewhere > 0);
        }
    }
}

TEST(inspect_of_one_item_and_of_no_such_row) {
    for (const Metric metric : metrics) {
        for (const bool graph : {false, true}) {
            const BuildOptions options = graph ? graph_options() : forest_options(4);
            const Index index = make_index(metric, data_for(metric, 1, 9, 1), options);
            const Inspection found = index.inspect(0);
            CHECK(found.item == 0 && found.leaves.front().path.empty() && found.leaves.front().rows.size() == 1);
            CHECK(!found.vertex || found.vertex->edges.empty());
            CHECK(caught([&] { index.inspect(1); }).is(ErrorCode::not_found, "row 1 is not in the index"));
            const Index empty = make_index(metric, data_for(metric, 0, 9, 1), options);
            CHECK(caught([&] { empty.inspect(0); }).is(ErrorCode::not_found));
        }
    }
}

TEST(inspect_refuses_what_is_damaged_by_section) {
    const Asked asked{Metric::euclidean, Values::floats, 20, IdKind::string, graph_options()};
    const Index index = build(asked);
    const std::uint32_t row = 40;
    const Inspection found = index.inspect(row);
    struct Damage {
        std::uint64_t at;
        std::uint32_t value;
        const char* section;
    };
    const std::uint64_t split = found.leaves[0].path[0].extent.offset;
    const Damage damages[] = {
        {offset_of(index, "item_of_row") + 4 * row, n, "item_of_row"},
        {offset_of(index, "item_of_row") + 4 * row, (found.item + 1) % n, "item_of_row"},
        {offset_of(index, "row_of_item") + 4 * found.item, row + 1, "item_of_row"},
        {found.vertex->numbers.offset, n, "vertices"},
        {offset_of(index, "row_of_item") + 4 * index.inspect(found.vertex->edges[0].row).item, none, "row_of_item"},
        {offset_of(index, "roots"), 0x7fffffff, "splits"},
        {split, 0, "splits"},  // a circle, on the lower side
        {offset_of(index, "leaf_starts") + 8 * found.leaves[0].number, n + 1, "splits"},
        {offset_of(index, "id_text_starts") + 8 * row + 4, 1, "id_text_starts"},
    };
    for (const Damage& damage : damages) {
        Image image(index.bytes());
        CHECK(!inspected(image, row).any);
        image.put(damage.at, damage.value);
        if (damage.at == split) image.put(damage.at + 4, damage.value);
        const Caught error = inspected(image, row);
        if (!error.is(ErrorCode::bad_file, std::string("section ") + damage.section + ":")) {
            test::fail(__FILE__, __LINE__, std::string(damage.section) + " is at fault: " + error.message);
        }
    }
    Image image(index.bytes());
    for (std::uint32_t rank = 0; rank < n; ++rank) image.put(offset_of(index, "id_order") + 4 * rank, n);
    CHECK(inspected(image, row).is(ErrorCode::bad_file, "section id_order:"));
}

// Ids that the description does not have are not looked up, though their sections are there.
TEST(inspect_goes_by_the_kind_of_id_that_the_description_has) {
    for (const IdKind ids : {IdKind::int64, IdKind::string}) {
        const Index index = build({Metric::euclidean, Values::floats, 20, ids, graph_options()});
        Image image(index.bytes());
        image.put(sizeof(file::Header) - file::description_bytes + offsetof(opened::Description, id_kind), IdKind::row);
        image.fix_crc();
        CHECK(!inspected(image, 40).any);
    }
}

// Of a forest: every leaf is one of all items, every tree the same circle, so that a search without a limit would not
// end.
TEST(inspect_ends_in_a_forest_of_circles) {
    for (const Metric metric : metrics) {
        const Index index = make_index(metric, data_for(metric, n, 20, 1), forest_options(60));
        Image image(index.bytes());
        for (const Section& section : index.info().sections) {
            if (section.name != "splits") continue;
            for (std::uint64_t at = 0; at < section.bytes; at += 16) {
                const auto next = static_cast<std::uint32_t>((at / 16 + 1) % (section.bytes / 16));
                image.put(section.offset + at, next);
                image.put(section.offset + at + 4, next);
            }
        }
        CHECK(inspected(image, 7).is(ErrorCode::bad_file, "tree leads to no leaf that has item 7"));
    }
}
