// Filters and the searches that take them: complete, of nothing else, and equal to brute force where that is asked for.
#include <algorithm>
#include <limits>
#include <memory>

#include "api/graph_sample.hpp"
#include "check.hpp"

using namespace nearfile;
using namespace nearfile::sample;

namespace {

constexpr std::uint32_t n = 1700;  // so many that searches walk
constexpr std::uint32_t dim = 10;

std::vector<std::uint8_t> mask_of(std::uint32_t size, std::uint32_t one_in, std::uint64_t seed) {
    base::Random random(seed);
    std::vector<std::uint8_t> mask(size);
    for (auto& each : mask) each = one_in != 0 && random.below(one_in) == 0 ? 7 : 0;
    return mask;
}

bool has(std::span<const std::uint32_t> rows, std::uint32_t row) {
    return std::ranges::find(rows, row) != rows.end();
}

// Every item in the order of brute force, less those that are not wanted.
std::vector<Neighbor> expected(const Index& index, std::span<const float> query, const std::vector<std::uint8_t>& mask,
                               std::span<const std::uint32_t> exclude, std::uint32_t k) {
    std::vector<Neighbor> all = index.search(query, {.k = index.size(), .exact = true});
    std::erase_if(all, [&](const Neighbor& each) { return mask[each.row] == 0 || has(exclude, each.row); });
    all.resize(std::min<std::size_t>(all.size(), k));
    return all;
}

std::vector<std::uint32_t> rows_of(const std::vector<Neighbor>& found) {
    std::vector<std::uint32_t> rows;
    for (const Neighbor& each : found) rows.push_back(each.row);
    std::ranges::sort(rows);
    return rows;
}

// Of one query: exactly as many as there are, distinct, allowed, nearest first; brute force where it is exact.
void check_search(const Index& index, std::span<const float> query, const std::vector<std::uint8_t>& mask,
                  std::span<const std::uint32_t> exclude, const std::string& what) {
    const Filter filter = index.filter(mask);
    for (const std::uint32_t k : {1u, 12u, 400u, n + 9}) {
        const auto nearest = expected(index, query, mask, exclude, k);
        const SearchOptions options{.k = k, .filter = &filter, .exclude = exclude};
        SearchOptions exact = options;
        exact.exact = true;
        if (!same(index.search(query, exact), nearest)) test::fail(__FILE__, __LINE__, what + ": exact");
        const auto found = index.search(query, options);
        const auto rows = rows_of(found);
        bool holds = found.size() == nearest.size() && std::ranges::adjacent_find(rows) == rows.end();
        for (std::size_t i = 0; i < found.size(); ++i) {
            holds = holds && mask[found[i].row] != 0 && !has(exclude, found[i].row);
            if (i == 0) continue;
            const float step = found[i].distance - found[i - 1].distance;
            holds = holds && (index.metric() == Metric::dot ? step <= 0 : step >= 0);
        }
        if (!holds) test::fail(__FILE__, __LINE__, what + ", k " + std::to_string(k) + ": complete and allowed");
        CHECK(!index.rows_in(filter).empty() || found.empty());
    }
}

Index with_columns(std::uint32_t count, const BuildOptions& options) {
    const Data data = data_for(Metric::euclidean, count, dim, 1);
    Column price;
    price.name = "price";
    price.type = ColumnType::float64;
    for (std::uint32_t row = 0; row < count; ++row) price.numbers.push_back(row % 40);
    Builder builder(dim, Metric::euclidean);
    builder.add(data.values, std::vector<Column>{price});
    return builder.build(options);
}

template <class Work>
bool refused(const Work& work, const std::string& words, ErrorCode code = ErrorCode::invalid_argument) {
    const Caught error = caught(work);
    if (!error.is(code, words)) std::fprintf(stderr, "got: %s\n", error.message.c_str());
    return error.is(code, words);
}

}  // namespace

TEST(filter_searches_are_complete_for_every_metric_and_structure) {
    for (const Metric metric : metrics) {
        const Data data = data_for(metric, n, dim, 1);
        const Data query = data_for(metric, 1, dim, 2);
        for (const bool graph : {true, false}) {
            const Index index = make_index(metric, data, graph ? graph_options() : forest_options(4));
            const auto near = index.search(query.values, {.k = 30});
            std::vector<std::uint32_t> exclude = {near[0].row, near[3].row, near[0].row, 5};
            for (const std::uint32_t one_in : {0u, 1u, 2u, 11u, 150u}) {
                const auto mask = mask_of(n, one_in, one_in);
                const std::string what = std::string(metric_name(metric)) + ", one in " + std::to_string(one_in);
                check_search(index, query.values, mask, {}, what);
                check_search(index, query.values, mask, exclude, what + ", less some");
            }
            std::vector<std::uint8_t> only(n);
            only[near[7].row] = 1;
            check_search(index, query.values, only, {}, "one");
            check_search(index, query.values, only, std::vector<std::uint32_t>{near[7].row},
                         "none but what is excluded");
        }
    }
}

TEST(filter_searches_are_complete_for_every_profile_and_keep) {
    const Data data = data_for(Metric::cosine, n, 70, 1);
    const Data query = data_for(Metric::cosine, 1, 70, 2);
    for (const Profile profile : profiles) {
        for (const Keep keep : keeps) {
            const Index index = make_index(Metric::cosine, data, graph_options(profile, keep));
            for (const std::uint32_t one_in : {1u, 3u, 90u}) {
                check_search(index, query.values, mask_of(n, one_in, 5), std::vector<std::uint32_t>{1, 2, 3},
                             name_of(Metric::cosine, profile, keep));
            }
        }
    }
}

TEST(filter_is_made_of_masks_rows_and_expressions_alike) {
    for (const std::uint32_t count : {1u, 64u, 65u, n}) {
        for (const bool graph : {true, false}) {
            const Index index = with_columns(count, graph ? graph_options() : forest_options(2));
            std::vector<std::uint8_t> mask(count);
            std::vector<std::uint32_t> rows;
            for (std::uint32_t row = 0; row < count; ++row) {
                mask[row] = row % 40 < 20 ? 1 : 0;
                if (mask[row] != 0) rows.push_back(row);
            }
            std::vector<std::uint32_t> twice(rows.rbegin(), rows.rend());
            twice.insert(twice.end(), rows.begin(), rows.end());
            const Filter of_mask = index.filter(mask);
            for (const Filter& each :
                 {of_mask, index.filter_of_rows(twice), index.filter(Expression::parse("price < 20")),
                  ~index.filter(~Expression::parse("price < 20")), of_mask & of_mask, of_mask | of_mask,
                  Filter::of_words(of_mask.words(), of_mask.n_items(), of_mask.fingerprint())}) {
                CHECK(each.size() == rows.size());
                CHECK(each.n_items() == count);
                CHECK(each.fingerprint() == index.fingerprint());
                CHECK(std::ranges::equal(each.words(), of_mask.words()));
                CHECK(index.rows_in(each) == rows);
            }
            CHECK((of_mask & ~of_mask).size() == 0);
            CHECK((of_mask | ~of_mask).size() == count);
        }
    }
}

TEST(filter_of_one_opened_file_serves_another_opening_of_it_alone) {
    const Index index = with_columns(n, graph_options());
    const Filter filter = index.filter_of_rows(std::vector<std::uint32_t>{3, 1000});
    const Index again = Index::open_buffer(index.bytes(), nullptr);
    const std::vector<float> query(dim, 0.5f);
    CHECK(same(index.search(query, {.k = 9, .filter = &filter}), again.search(query, {.k = 9, .filter = &filter})));
    CHECK(again.rows_in(filter) == (std::vector<std::uint32_t>{3, 1000}));
    const Index other = make_index(Metric::euclidean, data_for(Metric::euclidean, n, dim, 9), graph_options());
    const Filter others = other.filter_of_rows({});
    const Filter longer = Filter::of_words(std::vector<std::uint64_t>(n / 64 + 2), n + 64, index.fingerprint());
    const std::string words = "of another index: make it anew";
    for (const Filter* each : {&others, &longer}) {
        const Filter* several[] = {&filter, each};
        std::vector<Neighbor> out(2 * 2);
        const std::vector<float> queries(2 * dim);
        CHECK(refused([&] { (void)index.search(query, {.filter = each}); }, words));
        CHECK(refused([&] { index.search_batch(queries, {.k = 2, .filters = several}, out); }, words));
        CHECK(refused([&] { (void)index.rows_in(*each); }, words));
        CHECK(refused([&] { (void)(filter & *each); }, "of the same index to be combined"));
        CHECK(refused([&] { (void)(filter | *each); }, "of the same index to be combined"));
    }
}

TEST(filter_refuses_what_it_cannot_be_made_of) {
    const Index index = with_columns(65, forest_options(2));
    using Words = std::vector<std::uint64_t>;
    for (const Words& words : {Words{}, Words{1}, Words{1, 2, 3}, Words{1, 2}, Words{0, std::uint64_t{1} << 63}}) {
        CHECK(refused([&] { Filter::of_words(words, 65, 1); }, "a bit for each item and none behind the last"));
    }
    CHECK(Filter::of_words(Words{1, 1}, 65, 1).size() == 2);
    CHECK(Filter::of_words(Words{~std::uint64_t{0}}, 64, 1).size() == 64);
    CHECK(Filter::of_words(Words{}, 0, 1).size() == 0);
    CHECK(refused([&] { Filter::of_words(Words{0}, 0, 1); }, "got 1 words for 0 items"));
    CHECK(refused([&] { (void)index.filter(std::vector<std::uint8_t>(64)); }, "each of the 65 items; got 64"));
    CHECK(refused([&] { (void)index.filter_of_rows(std::vector<std::uint32_t>{2, 65}); }, "row 65",
                  ErrorCode::not_found));
    CHECK(refused([&] { (void)index.filter(Expression::parse("cost < 3")); }, "'cost'"));
    CHECK(refused([&] { (void)index.filter(Expression::parse("price = 'x'")); }, "'price'"));
}

TEST(filter_batches_are_one_by_one_with_nothing_behind_the_last) {
    const Data data = data_for(Metric::euclidean, n, dim, 1);
    const Data queries = data_for(Metric::euclidean, 90, dim, 2);  // so many that they are put in order
    for (const bool graph : {true, false}) {
        const Index index = make_index(Metric::euclidean, data, graph ? graph_options() : forest_options(4));
        std::vector<Filter> made;
        for (const std::uint32_t one_in : {0u, 2u, 40u, 700u}) made.push_back(index.filter(mask_of(n, one_in, 3)));
        std::vector<const Filter*> filters;
        std::vector<std::uint32_t> exclude;
        std::vector<std::size_t> starts = {0};
        for (std::uint32_t q = 0; q < queries.count(); ++q) {
            filters.push_back(&made[q % made.size()]);
            for (std::uint32_t row = q; row < n && q % 3 != 0; row += 7) exclude.push_back(row);
            starts.push_back(exclude.size());
        }
        for (const std::uint32_t k : {5u, 300u}) {
            SearchOptions options{
                .k = k, .threads = 1, .filters = filters, .exclude = exclude, .exclude_starts = starts};
            const std::size_t width = index.width(options);
            CHECK(width == k);
            std::vector<Neighbor> out(queries.count() * width);
            std::vector<std::int64_t> ids(out.size());
            std::vector<float> distances(out.size());
            index.search_batch(queries.values, options, out);
            options.threads = 3;
            index.search_batch(queries.values, options, ids, distances);
            for (std::uint32_t q = 0; q < queries.count(); ++q) {
                const std::span own = std::span(exclude).subspan(starts[q], starts[q + 1] - starts[q]);
                const auto one = index.search(queries.row(q), {.k = k, .filter = filters[q], .exclude = own});
                const auto of_batch = std::span(out).subspan(q * width, width);
                CHECK(same(one, {of_batch.begin(), of_batch.begin() + static_cast<std::ptrdiff_t>(one.size())}));
                for (std::size_t i = 0; i < width; ++i) {
                    const bool any = i < one.size();
                    CHECK(ids[q * width + i] == (any ? std::int64_t{one[i].row} : -1));
                    CHECK(any ? distances[q * width + i] == one[i].distance : std::isnan(distances[q * width + i]));
                    CHECK(any || of_batch[i].row == no_neighbor.row);
                }
            }
        }
    }
}

TEST(filter_batches_answer_as_ever_what_excludes_nothing) {
    const Data queries = data_for(Metric::euclidean, 300, dim, 2);
    const Data data = data_for(Metric::euclidean, 6000, dim, 1);
    const Index index = make_index(Metric::euclidean, data, graph_options());
    std::vector<Neighbor> plain(queries.count() * 10);
    index.search_batch(queries.values, {.k = 10, .recall = 0.8f}, plain);
    const std::vector<std::uint32_t> exclude = {1, 2};
    std::vector<std::size_t> starts(queries.count() + 1, 2);  // of the first query alone
    starts[0] = 0;
    std::vector<Neighbor> out(plain.size());
    index.search_batch(queries.values, {.k = 10, .recall = 0.8f, .exclude = exclude, .exclude_starts = starts}, out);
    CHECK(same({plain.begin() + 10, plain.end()}, {out.begin() + 10, out.end()}));
}

TEST(filter_batches_of_several_passes_have_each_query_its_own) {
    const Index index = make_index(Metric::euclidean, data_for(Metric::euclidean, 70, dim, 1), forest_options(2));
    const Data queries = data_for(Metric::euclidean, 4200, dim, 2);
    std::vector<Filter> made;
    for (std::uint32_t row = 0; row < 70; ++row) made.push_back(index.filter_of_rows(std::vector{row, (row + 1) % 70}));
    std::vector<const Filter*> filters;
    std::vector<std::uint32_t> exclude;
    std::vector<std::size_t> starts = {0};
    for (std::uint32_t q = 0; q < queries.count(); ++q) {
        filters.push_back(&made[q % 70]);
        exclude.push_back(q % 70);  // which leaves the other one
        starts.push_back(exclude.size());
    }
    std::vector<Neighbor> out(2 * queries.count());
    const SearchOptions options{.k = 5, .filters = filters, .exclude = exclude, .exclude_starts = starts};
    CHECK(index.width(options) == 2);
    index.search_batch(queries.values, options, out);
    for (std::uint32_t q = 0; q < queries.count(); ++q) {
        if (out[2 * q].row == (q + 1) % 70 && out[2 * q + 1].row == no_neighbor.row) continue;
        test::fail(__FILE__, __LINE__, "query " + std::to_string(q) + " has what another one may have");
    }
}

TEST(filter_batches_refuse_what_does_not_fit_them) {
    const Index index = with_columns(100, graph_options());
    const Filter filter = index.filter_of_rows(std::vector<std::uint32_t>{1, 2, 3});
    const std::vector<float> queries(2 * dim, 1.0f);
    const auto asked = [&](const SearchOptions& options, std::size_t room = 4) {
        return [&, options, room] {
            std::vector<Neighbor> out(room);
            index.search_batch(queries, options, out);
        };
    };
    const Filter* two[] = {&filter, &filter};
    const Filter* three[] = {&filter, &filter, &filter};
    const Filter* holey[] = {&filter, nullptr};
    CHECK(!caught(asked({.k = 2, .filters = two})).any);
    CHECK(refused(asked({.k = 2, .filter = &filter, .filters = two}), "one filter for all queries or one for each"));
    CHECK(refused(asked({.k = 2, .filters = three}), "a filter for each of the 2 queries; got 3"));
    CHECK(refused(asked({.k = 2, .filters = holey}), "no null"));
    CHECK(refused(asked({.k = 9, .filter = &filter}), "room for 6 neighbours; got 4"));
    const std::vector<std::uint32_t> rows = {4, 5, 6};
    const std::vector<std::uint32_t> beyond = {4, 100};
    CHECK(refused(asked({.k = 2, .exclude = beyond}), "row 100 is not in the index", ErrorCode::not_found));
    using Starts = std::vector<std::size_t>;
    const Starts good = {0, 1, 3};
    CHECK(!caught(asked({.k = 2, .exclude = rows, .exclude_starts = good})).any);
    for (const Starts& bad : {Starts{0}, Starts{0, 3}, Starts{0, 1, 2, 3}, Starts{1, 1, 3}, Starts{0, 1, 2},
                              Starts{0, 4, 3}, Starts{0, std::numeric_limits<std::size_t>::max(), 3}}) {
        CHECK(refused(asked({.k = 2, .exclude = rows, .exclude_starts = bad}), "ascending from 0 to how many"));
    }
}
