// A file that is larger than memory: what is asked for ahead, and that no answer changes by it.
#include "opened/access.hpp"

#include <limits>
#include <memory>

#include "api/graph_sample.hpp"
#include "check.hpp"
#include "file/advice.hpp"
#include "file/sample.hpp"
#include "nearfile/nearfile.hpp"
#include "opened/errors.hpp"
#include "opened/verify.hpp"
#include "search/exact_batch.hpp"
#include "search/page_reads.hpp"
#include "search/radius.hpp"
#include "search/search.hpp"

using namespace nearfile;
using namespace nearfile::sample;
using opened::SectionKind;

namespace {

constexpr std::uint32_t n = 2500;  // so many that searches walk
constexpr std::uint32_t k = 10;

struct Kind {
    Metric metric;
    Values values;
    std::uint32_t dim;
    BuildOptions options;
};

// Every way in which items are measured.
const std::vector<Kind>& kinds() {
    static const std::vector<Kind> all = {
        {Metric::euclidean, Values::floats, 128, graph_options(Profile::compact)},
        {Metric::angular, Values::halves, 64, graph_options(Profile::compact)},
        {Metric::cosine, Values::floats, 30, graph_options(Profile::compact)},
        {Metric::euclidean, Values::floats, 64, graph_options(Profile::compact, Keep::none)},
        {Metric::euclidean, Values::floats, 40, graph_options()},
        {Metric::euclidean, Values::bytes, 40, graph_options()},
        {Metric::dot, Values::floats, 33, graph_options(Profile::balanced, Keep::none)},
        {Metric::manhattan, Values::floats, 12, graph_options()},
        {Metric::hamming, Values::bits, 100, graph_options()},
        {Metric::angular, Values::floats, 24, forest_options()},
        {Metric::euclidean, Values::bytes, 24, forest_options()},
    };
    return all;
}

// The same file twice, once as if memory held little of it.
struct Both {
    explicit Both(const Kind& kind) {
        write_file(folder / "a.near",
                   make_index(kind.metric, data_of(kind.values, n, kind.dim, 1), kind.options).bytes());
        fits = open(std::numeric_limits<std::uint64_t>::max());
        larger = open(1000);
    }

    std::shared_ptr<Index::State> open(std::uint64_t memory) const {
        auto container = opened::unwrap(file::Container::open(folder / "a.near", opened::known_sections, false));
        auto state = std::const_pointer_cast<Index::State>(opened::open_state(folder / "a.near", std::move(container)));
        opened::fit_into(*state, memory);
        return state;
    }

    file::sample::Folder folder;
    std::shared_ptr<Index::State> fits;
    std::shared_ptr<Index::State> larger;
};

std::vector<Neighbor> found_by(const Index::State& state, std::span<const float> query, const SearchOptions& options) {
    std::vector<Neighbor> found(k);
    search::BorrowedScratch scratch(state);
    search::search(state, query, options, *scratch, found);
    return found;
}

}  // namespace

TEST(access_only_of_a_larger_file_is_advised) {
    const Both both(kinds().front());
    CHECK(both.larger->larger_than_memory && !both.fits->larger_than_memory);
    const std::uint64_t bytes = both.fits->container.bytes().size();
    CHECK(both.open(bytes)->larger_than_memory);  // others need some too
    CHECK(!both.open(2 * bytes)->larger_than_memory);
    const Index in_memory = make_index(Metric::euclidean, data_of(Values::floats, 100, 8, 1), graph_options());
    auto container = opened::unwrap(file::Container::from_buffer(in_memory.bytes(), nullptr, opened::known_sections));
    auto state = std::const_pointer_cast<Index::State>(opened::open_state("", std::move(container)));
    opened::fit_into(*state, 1000);
    CHECK(!state->larger_than_memory);
}

TEST(access_to_a_larger_file_gives_the_same_answers) {
    for (const Kind& kind : kinds()) {
        const Both both(kind);
        const Data queries = data_of(kind.values, 40, kind.dim, 2);
        for (std::uint32_t q = 0; q < queries.count(); ++q) {
            for (const SearchOptions& options :
                 {SearchOptions{.k = k}, SearchOptions{.k = k, .effort = 3}, SearchOptions{.k = k, .exact = true}}) {
                const auto usual = found_by(*both.fits, queries.row(q), options);
                CHECK(same(found_by(*both.larger, queries.row(q), options), usual));
            }
            const float radius = found_by(*both.fits, queries.row(q), {.k = k}).back().distance;
            const auto within = [&](const Index::State& state) {
                std::vector<Neighbor> all;
                const search::RadiusQuery asked{queries.row(q), nullptr, nullptr, &all};
                search::search_radius(state, std::span(&asked, 1), radius, {});
                return all;
            };
            CHECK(same(within(*both.larger), within(*both.fits)));
        }
        std::vector<Neighbor> usual(queries.count() * k);
        std::vector<Neighbor> found(queries.count() * k);
        search::search_all(*both.fits, queries.values, k, usual);
        search::search_all(*both.larger, queries.values, k, found);
        CHECK(same(found, usual));
        if (search::pays_exact_batch(*both.larger, queries.count())) {
            CHECK(search::exact_batch(*both.larger, queries.values, k, 2, found, {}));
            CHECK(same(found, usual));
        }
        opened::read_hot(*both.larger);
        opened::verify(*both.larger);
    }
}

TEST(access_is_hot_where_walks_read) {
    const Both compact(kinds()[0]);
    for (const auto hot : {SectionKind::sorted_vertices, SectionKind::nibbles, SectionKind::nibble_tails,
                           SectionKind::planes, SectionKind::row_of_item, SectionKind::int64_ids}) {
        CHECK(opened::is_hot(*compact.fits, hot));
    }
    for (const auto cold : {SectionKind::vectors, SectionKind::lower_nibbles, SectionKind::item_of_row,
                            SectionKind::id_text, SectionKind::column_values}) {
        CHECK(!opened::is_hot(*compact.fits, cold));
    }
    // Codes where walks go by them, and not where these only measure.
    CHECK(opened::is_hot(*Both(kinds()[2]).fits, SectionKind::codes));
    CHECK(!opened::is_hot(*Both(kinds()[5]).fits, SectionKind::codes));
    CHECK(opened::is_hot(*Both(kinds()[9]).fits, SectionKind::codes));
}

TEST(access_to_pages_is_asked_for_whatever_the_items) {
    for (const Kind& kind : kinds()) {
        const Both both(kind);
        std::vector<codes::ItemId> items(200);
        for (std::size_t i = 0; i < items.size(); ++i) items[i] = static_cast<codes::ItemId>((i * 7919) % n);
        for (const auto what : {search::Reading::bounds, search::Reading::exact, search::Reading::all}) {
            search::ask_for_pages(*both.larger, items, what);
            search::ask_for_pages(*both.larger, {}, what);
            search::ask_for_stretch(*both.larger, n - 1, 5000, what);
            search::ask_for_stretch(*both.larger, n, 1, what);
        }
    }
}

TEST(access_to_compact_vectors_is_to_few_of_them) {
    const Both both(kinds().front());
    CHECK(both.fits->vectors && !both.fits->vectors->are_in_parts());
    CHECK(both.fits->graph->sorted && both.fits->graph->has_nibbles() && !both.fits->graph->sketches);
}
