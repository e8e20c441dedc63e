// Building: what is refused leaves no trace, what was added comes back, and a build can be stopped.
#include <array>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <limits>
#include <thread>

#include "api/sample.hpp"
#include "build/rows.hpp"
#include "check.hpp"
#include "file/sample.hpp"

using namespace nearfile;
using namespace nearfile::sample;
using nearfile::file::sample::Folder;

namespace {

using Ids = std::vector<std::int64_t>;

const BuildOptions few_trees = forest_options(2);

// `refused` must throw invalid_argument that says `words`, and the builder must go on as if it had not been called.
template <class Refused>
void check_leaves_no_trace(Builder& builder, const Refused& refused, const std::string& words) {
    const auto before = builder.build(few_trees);
    const auto size = builder.size();
    const Caught error = caught([&] { refused(builder); });
    if (!error.is(ErrorCode::invalid_argument, words))
        nearfile::test::fail(__FILE__, __LINE__, error.message + " says " + words);
    CHECK(builder.size() == size);
    CHECK(same_bytes(builder.build(few_trees).bytes(), before.bytes()));
}

}  // namespace

TEST(builder_refuses_values_that_are_none) {
    for (const Metric metric : metrics) {
        Builder builder(3, metric);
        builder.add(std::vector<float>{1, 0, 1, 0, 0, 1});
        for (const float bad : {NAN, INFINITY, -INFINITY}) {
            const auto add = [&](Builder& b) { b.add(std::vector<float>{1, 1, 1, 1, bad, 1}); };
            check_leaves_no_trace(builder, add, "value 1 of vector 1");
        }
        check_leaves_no_trace(builder, [](Builder& b) { b.add(std::vector<float>(4)); }, "3 values each");
        check_leaves_no_trace(builder, [](Builder& b) { b.add(std::vector<float>(3), Ids{1}); }, "in the same way");
        CHECK(builder.size() == 2);
    }
}

TEST(builder_checks_what_it_would_refuse_and_adds_nothing) {
    for (const Metric metric : metrics) {
        Builder builder(3, metric);
        builder.check(std::vector<float>{1, 0, 1, 0, 0, 1});
        CHECK(caught([&] {
                  builder.check(std::vector<float>{1, 0, 1, 0, NAN, 1});
              }).is(ErrorCode::invalid_argument, "value 1 of vector 1"));
        CHECK(caught([&] { builder.check(std::vector<float>(4)); }).is(ErrorCode::invalid_argument, "3 values each"));
        CHECK(builder.size() == 0);
    }
}

// Whoever writes to memory that is being added gets either value, but never one that the file does not have room for.
TEST(builder_rows_are_of_the_kind_that_was_copied_while_another_thread_writes) {
    std::vector<float> values(4096, 3.0f);
    volatile float* const changing = values.data();
    std::atomic<bool> done{false};
    std::thread writer([&] {
        for (std::uint32_t turn = 0; !done; ++turn) *changing = turn % 2 == 0 ? 0.1f : 3.0f;
    });
    bool wide_enough = true;
    for (int turn = 0; turn < 2000 && wide_enough; ++turn) {
        build::Rows rows(4096, false);
        rows.append(values);
        std::vector<float> scratch(4096);
        const auto row = rows.floats(0, scratch);
        wide_enough = codes::wider(rows.kind(), codes::smallest_kind(row)) == rows.kind() &&
                      (row[0] == 3.0f || (row[0] == 0.1f && rows.kind() == codes::ValueKind::float32));
    }
    done = true;
    writer.join();
    CHECK(wide_enough);
}

// What is borrowed may turn into anything while an index is built of it: that is searched as any other.
TEST(builder_of_borrowed_vectors_that_another_thread_writes_to) {
    constexpr std::uint32_t dim = 24;
    for (const float step : {1.0f, 0.5f, 0.1f}) {
        std::vector<float> values(3000 * dim);
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i * 7919 % 251) * step;
        Builder builder(dim, Metric::euclidean);
        builder.add(values, {}, Vectors::borrowed);
        std::atomic<bool> done{false};
        std::thread writer([&] {
            const std::array<float, 6> written = {std::nanf(""), 1e30f, -1.0f, 0.3f, 300.0f, 3.0f};
            for (std::size_t turn = 0; !done; ++turn) {
                volatile float* const changing = values.data() + turn * 31 % values.size();
                *changing = written[turn % written.size()];
            }
        });
        for (const Keep keep : {Keep::exact, Keep::half, Keep::none}) {
            const Index index = builder.build({.keep = keep, .n_trees = 2});
            index.verify();
            const std::vector<Neighbor> found = index.search(std::vector<float>(dim, 1.0f), {.k = 10});
            CHECK(found.size() == 10 && std::isfinite(found[9].distance));
        }
        done = true;
        writer.join();
    }
}

TEST(builder_borrows_what_it_would_copy) {
    constexpr std::uint32_t dim = 24;
    for (const Metric metric : metrics) {
        std::vector<float> values(1500 * dim);
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i * 7919 % 2);
        Builder copied(dim, metric);
        copied.add(values);
        Builder borrowed(dim, metric);
        borrowed.add(values, {}, Vectors::borrowed);
        CHECK(same_bytes(copied.build(few_trees).bytes(), borrowed.build(few_trees).bytes()));
        copied.add(values);
        borrowed.add(values, {}, Vectors::borrowed);  // the first alone can be
        CHECK(same_bytes(copied.build(few_trees).bytes(), borrowed.build(few_trees).bytes()));
    }
}

TEST(builder_refuses_vectors_that_are_too_long) {
    for (const Metric metric : metrics) {
        if (metric == Metric::hamming) continue;
        Builder builder(4, metric);
        builder.add(std::vector<float>{1, 2, 3, 4});
        check_leaves_no_trace(builder, [](Builder& b) { b.add(std::vector<float>{0, 5e18f, 0, 0}); }, "longer");
        check_leaves_no_trace(builder, [](Builder& b) { b.add(std::vector<float>(4, 3e38f)); }, "longer");
        builder.add(std::vector<float>{0, 3.9e18f, 0, 0});
        builder.add(std::vector<float>{0, -3.9e18f, 0, 0});
        const Index index = builder.build(few_trees);
        for (const auto& each : index.search(std::vector<float>{0, 3.9e18f, 0, 0}, {.k = 3})) {
            CHECK(std::isfinite(each.distance));
        }
    }
}

TEST(builder_refuses_bits_other_than_zero_and_one) {
    Builder builder(2, Metric::hamming);
    builder.add(std::vector<float>{0, 1});
    for (const float bad : {0.5f, 2.0f, -1.0f, 1.0000001f}) {
        check_leaves_no_trace(
            builder, [&](Builder& b) { b.add(std::vector<float>{0, 1, bad, 0}); }, "value 0 of vector 1");
    }
}

TEST(builder_refuses_ids_that_do_not_fit) {
    Builder builder(1, Metric::euclidean);
    builder.add(std::vector<float>{1, 2}, Ids{7, 8});
    check_leaves_no_trace(builder, [](Builder& b) { b.add(std::vector<float>{3}, Ids{1, 2}); }, "2 ids for 1");
    check_leaves_no_trace(builder, [](Builder& b) { b.add(std::vector<float>{3}, Ids{}); }, "0 ids for 1");
    check_leaves_no_trace(builder, [](Builder& b) { b.add(std::vector<float>{3}); }, "row ids after int64");
    const std::vector<std::string_view> text = {"x"};
    check_leaves_no_trace(builder, [&](Builder& b) { b.add(std::vector<float>{3}, text); }, "string ids after int64");
    const auto bad = [](Builder& b) { b.add(std::vector<float>{0.1f, NAN}, Ids{1, 2}); };
    check_leaves_no_trace(builder, bad, "finite");  // 0.1 would have widened the values
}

TEST(builder_takes_nothing_without_settling_on_a_kind_of_id) {
    Builder builder(2, Metric::dot);
    builder.add({});
    builder.add({}, Ids{});
    builder.add({}, std::vector<std::string_view>{});
    CHECK(builder.size() == 0);
    builder.add(std::vector<float>{1, 2}, std::vector<std::string_view>{"x"});
    CHECK(builder.build().string_id(0) == "x");
}

TEST(builder_refuses_dimensions_and_metrics_that_are_none) {
    CHECK(caught([] { Builder(0, Metric::dot); }).is(ErrorCode::invalid_argument, "got 0"));
    CHECK(caught([] { Builder(max_dim + 1, Metric::dot); }).is(ErrorCode::invalid_argument, "65537"));
    CHECK(caught([] { Builder(1, static_cast<Metric>(6)); }).is(ErrorCode::invalid_argument));
    CHECK(caught([] { metric_from_name("cosin"); }).is(ErrorCode::invalid_argument, "angular, cosine"));
    Builder builder(1, Metric::dot);
    builder.add(std::vector<float>{1});
    CHECK(caught([&] { builder.build(std::string()); }).is(ErrorCode::invalid_argument, "path"));
    for (const Metric metric : metrics) CHECK(metric_from_name(metric_name(metric)) == metric);
}

// Of the public options none that is out of range costs a build, or makes a file that does not open.
TEST(builder_refuses_options_that_are_none_before_it_builds) {
    Builder builder(8, Metric::euclidean);
    builder.add(data_for(Metric::euclidean, 2000, 8, 1).values);
    for (const Structure structure : {Structure::forest, Structure::graph}) {
        int calls = 0;
        const auto refused = [&](BuildOptions options, const std::string& words) {
            options.progress = [&](std::string_view, std::uint64_t, std::uint64_t) { return ++calls, true; };
            return caught([&] { builder.build(options); }).is(ErrorCode::invalid_argument, words);
        };
        CHECK(refused({.structure = structure, .n_trees = max_trees + 1, .progress = {}}, "n_trees"));
        CHECK(refused({.structure = structure, .n_trees = 70000, .progress = {}}, "65536"));
        CHECK(refused({.structure = structure, .n_trees = 0xffffffffu, .progress = {}}, "got 4294967295"));
        CHECK(refused({.structure = structure, .profile = static_cast<Profile>(3), .progress = {}}, "profile"));
        CHECK(refused({.structure = structure, .keep = static_cast<Keep>(3), .progress = {}}, "keep"));
        CHECK(refused({.structure = static_cast<Structure>(2), .progress = {}}, "structure"));
        CHECK(calls == 0);
    }
}

TEST(builder_builds_a_graph_where_nothing_else_is_asked_for) {
    Builder builder(4, Metric::dot);
    builder.add(data_for(Metric::dot, 50, 4, 1).values);
    CHECK(builder.build().info().structure == Structure::graph);
    CHECK(builder.build({.n_trees = 3, .progress = {}}).info().structure == Structure::graph);
}

TEST(builder_kinds_of_graphs_have_names) {
    for (const auto each : {Structure::forest, Structure::graph}) {
        CHECK(structure_from_name(structure_name(each)) == each);
    }
    for (const auto each : {Profile::compact, Profile::balanced, Profile::fast}) {
        CHECK(profile_from_name(profile_name(each)) == each);
    }
    for (const auto each : {Keep::exact, Keep::half, Keep::none}) CHECK(keep_from_name(keep_name(each)) == each);
    CHECK(caught([] { structure_from_name("tree"); }).is(ErrorCode::invalid_argument, "forest, graph; got 'tree'"));
    CHECK(caught([] { profile_from_name("slow"); }).is(ErrorCode::invalid_argument, "compact, balanced, fast"));
    CHECK(caught([] { keep_from_name("all"); }).is(ErrorCode::invalid_argument, "exact, half, none"));
}

TEST(builder_halves_are_those_that_half_precision_holds) {
    const BuildOptions options{.structure = Structure::graph, .keep = Keep::half, .progress = {}};
    Builder builder(2, Metric::euclidean);
    builder.add(std::vector<float>{65504, -65504, 0.1f, 1e-9f});
    std::vector<float> back(2);
    const Index index = builder.build(options);
    index.vector(0, back);
    CHECK(back[0] == 65504 && back[1] == -65504);
    index.vector(1, back);
    CHECK(back[0] == 0.0999755859375f && back[1] == 0);
    builder.add(std::vector<float>{1, 65505});
    CHECK(caught([&] { builder.build(options); }).is(ErrorCode::invalid_argument, "value 1 of vector 2 is 65505"));
    CHECK(builder.build({.structure = Structure::graph, .progress = {}}).size() == 3);
    CHECK(builder.build({.structure = Structure::forest, .keep = Keep::half, .progress = {}}).size() ==
          3);  // a forest keeps everything
}

TEST(builder_a_graph_that_keeps_codes_alone_gives_what_they_stand_for) {
    for (const Metric metric : {Metric::euclidean, Metric::dot, Metric::manhattan}) {
        const Data data = data_of(Values::floats, 100, 16, 3);
        Builder builder(16, metric);
        builder.add(data.values);
        const Index index = builder.build({.structure = Structure::graph, .keep = Keep::none, .progress = {}});
        std::vector<float> back(16);
        for (std::uint32_t row = 0; row < 100; ++row) {
            index.vector(row, back);
            for (std::size_t i = 0; i < 16; ++i) CHECK(std::fabs(back[i] - data.row(row)[i]) < 0.05f);
        }
    }
}

TEST(builder_gives_back_what_was_added_bit_for_bit) {
    for (const Metric metric : metrics) {
        for (const Values values : {Values::floats, Values::halves, Values::bytes, Values::bits}) {
            if (metric == Metric::hamming && values != Values::bits) continue;
            Data data = data_of(values, 200, 67, 1);
            if (values == Values::halves) data.values[5] = -0.0f;
            const Index index = make_index(metric, data);
            const ValueType expected = metric == Metric::hamming  ? ValueType::bit
                                       : values == Values::floats ? ValueType::float32
                                       : values == Values::halves ? ValueType::float16
                                                                  : ValueType::uint8;
            CHECK(index.info().value_type == expected);
            std::vector<float> row(67);
            for (std::uint32_t i = 0; i < 200; ++i) {
                index.vector(i, row);
                CHECK(std::memcmp(row.data(), data.row(i).data(), 67 * sizeof(float)) == 0);
            }
            index.verify();
        }
    }
}

TEST(builder_of_nothing_makes_an_index_of_nothing) {
    for (const Metric metric : metrics) {
        const Index index = Builder(5, metric).build();
        CHECK(index.size() == 0 && index.dim() == 5 && index.metric() == metric);
        CHECK(index.search(std::vector<float>(5)).empty());
        index.verify();
        CHECK(caught([&] { index.distance(0, 0); }).is(ErrorCode::not_found));
    }
}

TEST(builder_stops_when_progress_says_so_and_leaves_no_file) {
    const Folder folder;
    for (const Metric metric : metrics) {
        Builder builder(20, metric);
        builder.add(data_for(metric, 5000, 20, 1).values);
        for (const std::uint32_t threads : {1u, 2u}) {
            BuildOptions options = forest_options(4, threads);
            int calls = 0;
            options.progress = [&](std::string_view, std::uint64_t, std::uint64_t) { return ++calls, true; };
            builder.build(options);
            // Stop at the first word, at the last, and in between.
            for (const int stop_at : {1, calls / 2, calls}) {
                int call = 0;
                options.progress = [&](std::string_view, std::uint64_t, std::uint64_t) { return ++call < stop_at; };
                const Caught error = caught([&] { builder.build(folder / "x.near", options); });
                // How often one is told depends on time, so that the last word may not come.
                CHECK(error.is(ErrorCode::cancelled) || (!error.any && call < stop_at));
                std::filesystem::remove(folder / "x.near");
                CHECK(folder.count() == 0);
            }
        }
    }
}

TEST(builder_tells_how_far_it_is) {
    Builder builder(20, Metric::euclidean);
    builder.add(data_for(Metric::euclidean, 5000, 20, 1).values);
    std::vector<std::string> stages;
    BuildOptions options = forest_options(4);
    options.progress = [&](std::string_view stage, std::uint64_t done, std::uint64_t total) {
        CHECK(done <= total);
        // One that is told of just before it ends is told of twice.
        if (done == total && (stages.empty() || stages.back() != stage)) stages.emplace_back(stage);
        return true;
    };
    builder.build(options);
    CHECK((stages == std::vector<std::string>{"center", "codes", "trees", "vectors"}));
}

TEST(builder_writes_the_bytes_that_it_builds_in_memory) {
    const Folder folder;
    Builder builder(10, Metric::angular);
    builder.add(data_for(Metric::angular, 500, 10, 1).values);
    const Index written = builder.build(folder / "x.near", few_trees);
    CHECK(same_bytes(written.bytes(), builder.build(few_trees).bytes()));
    CHECK(same_bytes(written.bytes(), file::sample::read_file(folder / "x.near")));
    CHECK(written.info().path == folder / "x.near" && folder.count() == 1);
    // Refused at once, not after the work.
    int told = 0;
    BuildOptions options = {.n_trees = 2, .progress = {}};
    options.progress = [&](std::string_view, std::uint64_t, std::uint64_t) { return ++told, true; };
    for (const char* path : {"none/x.near", "none/", "x.near/", "x.near/y.near", "."}) {
        CHECK(caught([&] { builder.build(folder / path, options); }).is(ErrorCode::io));
    }
    CHECK(told == 0 && folder.count() == 1);
}
