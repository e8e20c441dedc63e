// Segments against one index of the same live items: equal where it is exact, as near elsewhere, whatever is deleted,
// however small the parts are, and wherever items lie.
#include <algorithm>
#include <memory>
#include <set>

#include "api/graph_sample.hpp"
#include "check.hpp"

using namespace nearfile;
using namespace nearfile::sample;

namespace {

enum class Names { rows, numbers, strings };

// Some items in parts, and those that are live in one index.
struct Collection {
    Segments segments;
    Index one;
    std::vector<std::uint64_t> live;  // rows of the segments, in the order of the one index
};

struct Part {
    std::uint32_t count;
    bool graph;
};

Index build(Metric metric, const Data& data, std::span<const std::uint32_t> rows, Names names,
            const std::vector<std::int64_t>& ids, const BuildOptions& options) {
    Builder builder(data.dim, metric);
    std::vector<float> values;
    std::vector<std::int64_t> numbers;
    std::vector<std::string> texts;
    for (const std::uint32_t row : rows) {
        values.insert(values.end(), data.row(row).begin(), data.row(row).end());
        numbers.push_back(ids[row]);
        texts.push_back("n" + std::to_string(ids[row]));
    }
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    if (names == Names::rows) builder.add(values);
    if (names == Names::numbers) builder.add(values, numbers);
    if (names == Names::strings) builder.add(values, views);
    return builder.build(options);
}

// One in `dead_in` is deleted, of every other part. Ids are scrambled, but for rows, which go on from part to part.
Collection collect(Metric metric, const Data& data, std::span<const Part> parts, Names names, std::uint32_t dead_in,
                   const BuildOptions& graph = graph_options()) {
    base::Random random(5);
    std::vector<std::int64_t> ids(data.count());
    for (std::uint32_t row = 0; row < data.count(); ++row) {
        ids[row] = names == Names::rows ? row : static_cast<std::int64_t>((row * 7919ull) % 1000003);
    }
    std::vector<Segment> segments;
    std::vector<std::uint64_t> live;
    std::uint32_t first = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        std::vector<std::uint32_t> rows(parts[i].count);
        std::iota(rows.begin(), rows.end(), first);
        std::vector<std::uint8_t> mask(rows.size(), 1);
        for (auto& each : mask) each = dead_in != 0 && i % 2 == 0 && random.below(dead_in) == 0 ? 0 : 1;
        const Index index = build(metric, data, rows, names, ids, parts[i].graph ? graph : forest_options(2));
        for (std::size_t row = 0; row < rows.size(); ++row) {
            if (mask[row] != 0) live.push_back(first + row);
        }
        std::optional<Filter> filter;
        if (dead_in != 0 && i % 2 == 0) filter = index.filter(mask);
        segments.push_back({index, filter, names == Names::rows ? first : 0});
        first += parts[i].count;
    }
    const std::vector<std::uint32_t> rows(live.begin(), live.end());
    // Where ids are rows, those of the one index are numbers, or they would be others.
    const Names of_one = names == Names::rows ? Names::numbers : names;
    return {Segments(std::move(segments)), build(metric, data, rows, of_one, ids, graph), live};
}

std::string what_of(Metric metric, Names names) {
    return std::string(metric_name(metric)) + ", names " + std::to_string(static_cast<int>(names));
}

bool same_answers(const Collection& all, const std::vector<SegmentsNeighbor>& found,
                  const std::vector<Neighbor>& expected) {
    return std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                      [&](const SegmentsNeighbor& a, const Neighbor& b) {
                          return a.row == all.live[b.row] &&
                                 std::memcmp(&a.distance, &b.distance, sizeof a.distance) == 0;
                      });
}

// Distinct, live, in order, as many as there are; returns how many of the k nearest are among them.
std::size_t check_found(const Collection& all, std::span<const float> query, std::uint32_t k,
                        const std::vector<SegmentsNeighbor>& found, const std::string& what) {
    const auto nearest = all.one.search(query, {.k = k, .exact = true});
    const bool product = all.one.metric() == Metric::dot;
    std::set<std::uint64_t> rows;
    std::size_t hits = 0;
    bool holds = found.size() == nearest.size();
    for (std::size_t i = 0; i < found.size(); ++i) {
        rows.insert(found[i].row);
        holds = holds && std::ranges::binary_search(all.live, found[i].row);
        // What is as near as the last of them will do.
        const float last = nearest.back().distance;
        hits += (product ? found[i].distance >= last : found[i].distance <= last) ? 1 : 0;
        if (i == 0) continue;
        const float step = found[i].distance - found[i - 1].distance;
        holds = holds && (product ? step <= 0 : step >= 0);
    }
    if (!holds || rows.size() != found.size()) test::fail(__FILE__, __LINE__, what + ": complete, live and in order");
    return hits;
}

double recall_of(const Collection& all, const Data& queries, const SearchOptions& options, const std::string& what) {
    double hits = 0;
    for (std::uint32_t q = 0; q < queries.count(); ++q) {
        hits += static_cast<double>(
            check_found(all, queries.row(q), options.k, all.segments.search(queries.row(q), options), what));
    }
    return hits / (queries.count() * std::min<double>(options.k, static_cast<double>(all.segments.size())));
}

// The same of the one index.
double recall_of_one(const Collection& all, const Data& queries, const SearchOptions& options) {
    double hits = 0;
    for (std::uint32_t q = 0; q < queries.count(); ++q) {
        std::vector<SegmentsNeighbor> found;
        for (const Neighbor& each : all.one.search(queries.row(q), options)) {
            found.push_back({all.live[each.row], each.distance});
        }
        hits += static_cast<double>(check_found(all, queries.row(q), options.k, found, "one index"));
    }
    return hits / (queries.count() * std::min<double>(options.k, static_cast<double>(all.segments.size())));
}

// Points about some centers, in the order of these: where they are sorted by place, all that is near is in one part.
Data in_groups(std::uint32_t groups, std::uint32_t a_group, std::uint32_t dim, std::uint64_t seed, bool shuffled) {
    base::Random centers(7);
    base::Random random(seed);
    Data data{dim, {}};
    std::vector<std::vector<float>> all;
    for (std::uint32_t group = 0; group < groups; ++group) {
        std::vector<float> center(dim);
        for (float& each : center) each = 6 * normal(centers);
        for (std::uint32_t i = 0; i < a_group; ++i) {
            all.push_back(center);
            for (float& each : all.back()) each += normal(random);
        }
    }
    for (std::size_t i = all.size(); shuffled && i > 1; --i) {
        std::swap(all[i - 1], all[random.below(static_cast<std::uint32_t>(i))]);
    }
    for (const auto& each : all) data.values.insert(data.values.end(), each.begin(), each.end());
    return data;
}

}  // namespace

TEST(segments_exact_equals_one_index_for_every_metric_and_kind_of_id) {
    constexpr Part parts[] = {{300, true}, {1, false}, {1500, true}, {0, true}, {90, false}};
    for (const Metric metric : metrics) {
        const Data data = data_for(metric, 1891, 11, 1);
        const Data queries = data_for(metric, 12, 11, 2);
        for (const Names names : {Names::rows, Names::numbers, Names::strings}) {
            for (const std::uint32_t dead_in : {0u, 4u}) {
                const Collection all = collect(metric, data, parts, names, dead_in);
                CHECK(all.segments.size() == all.live.size());
                CHECK(all.segments.live_rows() == all.live);
                for (const std::uint32_t k : {1u, 10u, 400u, 5000u}) {
                    const SearchOptions options{.k = k, .exact = true, .threads = 2};
                    const std::size_t width = all.segments.width(options);
                    std::vector<std::int64_t> ids(12 * width);
                    std::vector<float> distances(12 * width);
                    all.segments.search_batch(queries.values, options, {}, ids, distances);
                    for (std::uint32_t q = 0; q < 12; ++q) {
                        const auto found = all.segments.search(queries.row(q), options);
                        const auto expected = all.one.search(queries.row(q), options);
                        if (!same_answers(all, found, expected)) {
                            test::fail(__FILE__, __LINE__, what_of(metric, names) + ", k " + std::to_string(k));
                        }
                        bool batch = found.size() == width;
                        for (std::size_t i = 0; i < width; ++i) {
                            batch = batch && ids[q * width + i] == all.segments.int64_id(found[i].row) &&
                                    distances[q * width + i] == found[i].distance;
                        }
                        CHECK(batch);
                    }
                }
            }
        }
    }
}

TEST(segments_find_what_is_live_and_name_it) {
    constexpr Part parts[] = {{200, true}, {40, false}, {1200, true}};
    const Data data = data_for(Metric::euclidean, 1440, 6, 1);
    for (const Names names : {Names::rows, Names::numbers, Names::strings}) {
        const Collection all = collect(Metric::euclidean, data, parts, names, 3);
        for (std::uint64_t row = 0; row < all.segments.n_rows(); ++row) {
            const bool live = std::ranges::binary_search(all.live, row);
            const auto found = names == Names::strings ? all.segments.find(all.segments.string_id(row))
                                                       : all.segments.find(all.segments.int64_id(row));
            CHECK(found.has_value() == live);
            CHECK(!live || *found == row);
            const SegmentRow place = all.segments.place_of(row);
            CHECK(all.segments.row_of(place) == row);
        }
        CHECK(!all.segments.find(std::int64_t{-5}) && !all.segments.find("nobody"));
    }
}

TEST(segments_walk_to_as_much_as_one_index_finds) {
    constexpr Part parts[] = {{6000, true}, {1500, true}, {1100, true}, {400, false}, {1000, true}};
    for (const Metric metric : metrics) {
        const Data data = data_for(metric, 10000, 12, 1);
        const Data queries = data_for(metric, 60, 12, 2);
        for (const std::uint32_t dead_in : {0u, 9u}) {
            const Collection all = collect(metric, data, parts, Names::rows, dead_in);
            const std::string what = what_of(metric, Names::rows);
            for (const std::uint32_t k : {1u, 10u, 100u}) {
                const SearchOptions options{.k = k, .recall = 0.95f};
                const double found = recall_of(all, queries, options, what);
                const double by_one = recall_of_one(all, queries, options);
                if (found < by_one - 0.05) {
                    test::fail(__FILE__, __LINE__,
                               what + ": recall " + std::to_string(found) + " beside " + std::to_string(by_one));
                }
            }
            CHECK(recall_of(all, queries, {.k = 20000}, what) == 1);
            CHECK(recall_of(all, queries, {.k = 10, .effort = 400}, what) >= 0.95);
        }
    }
}

TEST(segments_walk_for_every_profile_and_keep) {
    constexpr Part parts[] = {{3000, true}, {1200, true}};
    const Data data = data_for(Metric::cosine, 4200, 70, 1);
    const Data queries = data_for(Metric::cosine, 30, 70, 2);
    for (const Profile profile : profiles) {
        for (const Keep keep : keeps) {
            const Collection all = collect(Metric::cosine, data, parts, Names::rows, 0, graph_options(profile, keep));
            const std::string what = name_of(Metric::cosine, profile, keep);
            if (recall_of(all, queries, {.k = 10, .recall = 0.95f}, what) < 0.9) {
                test::fail(__FILE__, __LINE__, what + ": recall");
            }
        }
    }
}

TEST(segments_keep_the_recall_where_items_are_sorted_by_place) {
    constexpr Part parts[] = {{3000, true}, {3000, true}, {2000, true}, {2000, true}, {1200, true}, {800, false}};
    for (const bool shuffled : {false, true}) {
        const Data data = in_groups(60, 200, 16, 1, shuffled);
        const Data queries = in_groups(60, 2, 16, 9, true);
        const Collection all = collect(Metric::euclidean, data, parts, Names::rows, 0);
        for (const float recall : {0.9f, 0.95f, 0.99f}) {
            const double found = recall_of(all, queries, {.k = 10, .recall = recall}, "groups");
            if (found < recall - 0.01) {
                test::fail(__FILE__, __LINE__, "recall " + std::to_string(recall) + ", got " + std::to_string(found));
            }
        }
    }
}

TEST(segments_batches_are_single_searches_on_any_number_of_threads) {
    constexpr Part parts[] = {{4000, true}, {1500, true}, {300, false}};
    const Data data = data_for(Metric::euclidean, 5800, 16, 1);
    const Data queries = data_for(Metric::euclidean, 150, 16, 2);
    const Collection all = collect(Metric::euclidean, data, parts, Names::rows, 5);
    for (const unsigned threads : {1u, 3u}) {
        const SearchOptions options{.k = 10, .threads = threads};
        std::vector<std::int64_t> ids(1500);
        std::vector<float> distances(1500);
        all.segments.search_batch(queries.values, options, {}, ids, distances);
        for (std::uint32_t q = 0; q < 150; ++q) {
            const auto found = all.segments.search(queries.row(q), options);
            for (std::size_t i = 0; i < 10; ++i) {
                CHECK(ids[q * 10 + i] == all.segments.int64_id(found[i].row));
                CHECK(distances[q * 10 + i] == found[i].distance);
            }
        }
    }
}

TEST(segments_search_among_what_is_allowed_and_not_excluded) {
    constexpr Part parts[] = {{2500, true}, {1300, true}, {200, false}};
    const Data data = data_for(Metric::euclidean, 4000, 9, 1);
    const Data queries = data_for(Metric::euclidean, 6, 9, 2);
    const Collection all = collect(Metric::euclidean, data, parts, Names::rows, 6);
    for (const std::uint32_t one_in : {1u, 2u, 40u, 5000u}) {
        std::vector<std::uint64_t> rows;
        for (std::uint64_t row = 0; row < 4000; row += one_in) rows.push_back(row);  // dead ones among them
        const SegmentsFilter filter = all.segments.filter_of_rows(rows);
        std::vector<std::uint64_t> allowed;
        std::ranges::set_intersection(rows, all.live, std::back_inserter(allowed));
        CHECK(all.segments.rows_in(filter) == allowed && filter.size() == allowed.size());
        CHECK((~filter).size() == all.segments.size() - filter.size());
        CHECK((filter & ~filter).size() == 0 && (filter | ~filter).size() == all.segments.size());
        for (std::uint32_t q = 0; q < queries.count(); ++q) {
            const auto near = all.segments.search(queries.row(q), {.k = 8, .exact = true}, {.filter = &filter});
            std::vector<std::uint64_t> exclude = {3999, 5, 5};
            if (!near.empty()) exclude.push_back(near.front().row);
            auto everything = all.segments.search(queries.row(q), {.k = 4000, .exact = true});
            std::erase_if(everything, [&](const SegmentsNeighbor& each) {
                return !std::ranges::binary_search(allowed, each.row) || std::ranges::count(exclude, each.row) != 0;
            });
            const SegmentsAdmission admission{.filter = &filter, .exclude = exclude};
            for (const std::uint32_t k : {1u, 10u, 4000u}) {
                const auto wanted = std::span(everything).first(std::min<std::size_t>(k, everything.size()));
                const auto exact = all.segments.search(queries.row(q), {.k = k, .exact = true}, admission);
                CHECK(std::ranges::equal(exact, wanted, {}, &SegmentsNeighbor::row, &SegmentsNeighbor::row));
                const auto found = all.segments.search(queries.row(q), {.k = k}, admission);
                CHECK(found.size() == wanted.size());
                for (const auto& each : found) {
                    CHECK(std::ranges::binary_search(allowed, each.row));
                    CHECK(std::ranges::count(exclude, each.row) == 0);
                }
            }
        }
    }
}

TEST(segments_within_a_radius_are_those_of_one_index) {
    constexpr Part parts[] = {{1500, true}, {700, true}, {100, false}};
    for (const Metric metric : {Metric::euclidean, Metric::dot}) {
        const Data data = data_for(metric, 2300, 8, 1);
        const Data queries = data_for(metric, 9, 8, 2);
        const Collection all = collect(metric, data, parts, Names::numbers, 5);
        const float radius = all.one.search(queries.row(0), {.k = 60}).back().distance;
        for (const std::uint32_t most : {0u, 7u}) {
            const RadiusOptions options{.exact = true, .max_results = most};
            const auto found = all.segments.search_radius_batch(queries.values, radius, options);
            const auto expected = all.one.search_radius_batch(queries.values, radius, options);
            CHECK(found.offsets == expected.offsets);
            CHECK(same_answers(all, found.neighbors, expected.neighbors));
        }
        const SegmentsFilter none = all.segments.filter_of_rows({});
        CHECK(all.segments.search_radius_batch(queries.values, radius, {}, {.filter = &none}).neighbors.empty());
    }
}

TEST(segments_of_nothing_and_of_nothing_live) {
    const Segments none({});
    CHECK(none.size() == 0 && none.dim() == 0 && none.search(std::vector<float>(3)).empty());
    CHECK(!none.find(std::int64_t{0}) && none.live_rows().empty());
    const Index index = make_index(Metric::euclidean, data_for(Metric::euclidean, 50, 3, 1));
    const Segments dead({{index, index.filter_of_rows({})}});
    CHECK(dead.size() == 0 && dead.search(std::vector<float>(3)).empty() && !dead.find(std::int64_t{0}));
    CHECK(dead.search_radius_batch(std::vector<float>(3), 100).neighbors.empty());
}

TEST(segments_refuse_what_cannot_be) {
    const Index index = make_index(Metric::euclidean, data_for(Metric::euclidean, 50, 3, 1));
    const Index other = make_index(Metric::euclidean, data_for(Metric::euclidean, 50, 3, 2));
    const Index wide = make_index(Metric::euclidean, data_for(Metric::euclidean, 50, 4, 1));
    const Index angular = make_index(Metric::angular, data_for(Metric::angular, 50, 3, 1));
    const auto bad = ErrorCode::invalid_argument;
    CHECK(caught([&] { Segments({{index}, {wide}}); }).is(bad, "dimension"));
    CHECK(caught([&] { Segments({{index}, {angular}}); }).is(bad, "metric"));
    CHECK(caught([&] { Segments({{index, other.filter_of_rows({})}}); }).is(bad, "another index"));
    CHECK(caught([&] { Segments({{index, std::nullopt, -1}}); }).is(bad, "first_id"));
    const Segments both({{index}, {other, std::nullopt, 50}});
    const Segments fewer({{index, index.filter_of_rows(std::vector<std::uint32_t>{3})}, {other, std::nullopt, 50}});
    const SegmentsFilter filter = fewer.filter_of_rows({});
    const std::vector<float> query(3);
    CHECK(caught([&] { both.search(query, {.k = 0}); }).is(bad, "k must"));
    CHECK(caught([&] { both.search(query, {.recall = 2}); }).is(bad, "recall"));
    CHECK(caught([&] { both.search(std::vector<float>(4)); }).is(bad, "a query must have 3"));
    CHECK(caught([&] { both.search(query, {}, {.filter = &filter}); }).is(bad, "other items were live"));
    CHECK(caught([&] { filter & both.filter_of_rows({}); }).is(bad, "same segments"));
    CHECK(caught([&] { both.filter(std::vector<std::uint8_t>(99)); }).is(bad, "100 live items"));
    CHECK(caught([&] { both.place_of(100); }).is(ErrorCode::not_found, "row 100"));
    const std::vector<std::uint64_t> beyond = {100};
    CHECK(caught([&] { both.search(query, {}, {.exclude = beyond}); }).is(ErrorCode::not_found, "row 100"));
}
