// What was kept is found by who has the same key, whole, and by nobody else.
#include "build/external/kept.hpp"

#include "check.hpp"
#include "file/sample.hpp"

using namespace nearfile;
using namespace nearfile::build::external;
using namespace nearfile::file::sample;

namespace {

graph::Adjacency some_graph() {
    graph::Adjacency graph(10, 4);
    for (std::uint32_t item = 0; item < 10; ++item) {
        const std::vector<graph::ItemId> neighbors(item % 4, (item + 1) % 10);
        graph.set(item, neighbors);
    }
    return graph;
}

}  // namespace

TEST(kept_rows_are_made_once) {
    const Folder folder;
    auto work = file::WorkFolder::open(folder / "items.near");
    const Kept kept(work.value(), Key{});
    const graph::Adjacency wanted = some_graph();
    int n_made = 0;
    for (int turn = 0; turn < 2; ++turn) {
        graph::Adjacency graph(10, 4);
        kept.rows("some", graph, 3, 7, [&] {
            ++n_made;
            for (std::uint32_t item = 3; item < 7; ++item) graph.set(item, wanted.neighbors(item));
        });
        for (std::uint32_t item = 0; item < 10; ++item) {
            const bool is_there = item >= 3 && item < 7;
            CHECK(std::ranges::equal(graph.neighbors(item),
                                     is_there ? wanted.neighbors(item) : std::span<const graph::ItemId>()));
        }
    }
    CHECK(n_made == 1);
    kept.drop("some");
    CHECK(!kept.has("some"));
}

TEST(kept_results_of_another_key_or_damaged_are_none) {
    const Folder folder;
    auto work = file::WorkFolder::open(folder / "items.near");
    const std::vector<std::uint32_t> values(5000, 7);
    {
        const Kept kept(work.value(), Key{});
        kept.keep("some", {std::as_bytes(std::span(values)), std::as_bytes(std::span(values).first(3))});
        CHECK(values_of<std::uint32_t>(*kept.find("some"), 0) == values);
        CHECK(values_of<std::uint32_t>(*kept.find("some"), 1).size() == 3);
    }
    const std::string path = work.value().path_of("some.kept");
    {
        const Kept same(work.value(), Key{});
        CHECK(same.has("some") && same.find("some"));
        auto bytes = read_file(path);
        bytes[5000] ^= std::byte{1};
        write_file(path, bytes);
        CHECK(!same.find("some"));
    }
    Key other{};
    other[0] = std::byte{1};
    const Kept none(work.value(), other);
    CHECK(!none.has("some") && !std::filesystem::exists(path));
}
