// Which layout a file has, what it says about itself, and what is said of files that do not fit.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "annoy/reference.hpp"
#include "annoy/sample.hpp"
#include "check.hpp"
#include "nearfile/error.hpp"

using namespace nearfile;
using namespace nearfile::annoy::sample;

namespace {

std::string refusal(const std::string& path, std::uint32_t dim, Metric metric, ErrorCode code) {
    try {
        (void)AnnoyFile::open(path, dim, metric);
    } catch (const Error& error) {
        CHECK(error.code() == code);
        return error.what();
    }
    CHECK(false);
    return {};
}

void check_says(const std::string& message, const std::string& words) {
    if (message.find(words) == std::string::npos) nearfile::test::fail(__FILE__, __LINE__, message + " says " + words);
}

}  // namespace

TEST(annoy_open_finds_the_layout) {
    for (const AnnoyLayout layout : every_layout) {
        for (const std::uint32_t dim : {10U, 40U, 64U, 100U}) {
            const Image image({.layout = layout, .dim = dim, .n_items = 500});
            const File file(image.bytes());
            auto fitting = AnnoyFile::fitting_layouts(file.path(), dim);
            CHECK(std::count(fitting.begin(), fitting.end(), layout) == 1);
            std::erase(fitting, layout);
            std::erase(fitting, AnnoyLayout::euclidean);
            std::erase(fitting, AnnoyLayout::manhattan);
            CHECK(fitting.empty());
            CHECK(open(image).layout() == layout);
        }
    }
}

TEST(annoy_open_vectors_and_distances) {
    for (const AnnoyLayout layout : every_layout) {
        const Image image({.layout = layout, .dim = 70, .n_items = 50, .holes = {0, 17}});
        const AnnoyFile file = open(image);
        CHECK(file.dim() == 70 && file.metric() == annoy_layout_metric(layout));
        std::vector<float> out(70, 7.0f);
        for (std::int32_t id = 0; id < 50; ++id) {
            file.vector(id, out);
            CHECK(out == image.vector(id));
            CHECK(file.has_item(id) == (id != 0 && id != 17));
            const float expected = distance(layout, image.vector(id), image.vector(3));
            CHECK(file.distance(id, 3) == expected && file.distance(3, id) == expected);
        }
        CHECK(!file.has_item(-1) && !file.has_item(50) && !file.has_item(std::int64_t{1} << 32));
        for (const std::int64_t id : {std::int64_t{-1}, std::int64_t{50}, std::int64_t{1} << 32, INT64_MIN}) {
            try {
                file.vector(id, out);
                CHECK(false);
            } catch (const Error& error) {
                CHECK(error.code() == ErrorCode::not_found);
                check_says(error.what(), "ids are 0 to 49");
            }
        }
    }
}

TEST(annoy_open_has_the_bytes_of_the_file_that_was_opened) {
    const Image image({.layout = AnnoyLayout::angular, .dim = 10, .n_items = 50});
    const auto expected = image.bytes();
    const AnnoyFile opened = open(image);
    CHECK(opened.bytes().size() == expected.size());
    CHECK(std::memcmp(opened.bytes().data(), expected.data(), expected.size()) == 0);
}

TEST(annoy_open_no_items) {
    for (const AnnoyLayout layout : every_layout) {
        const Image image({.layout = layout, .dim = 3, .n_items = 0, .n_trees = 4});
        const AnnoyFile file = open(image);
        CHECK(file.n_items() == 0 && file.n_trees() == 4 && file.annoy_n_trees() == 7);
        CHECK(file.search(std::vector<float>(3), 10).empty() && !file.has_item(0));
    }
}

TEST(annoy_open_copies_outlive_the_file) {
    const Image image({.dim = 4});
    AnnoyFile first = open(image);  // its file is gone already
    const AnnoyFile second = first;
    first = open(Image({.dim = 2}));
    CHECK(second.dim() == 4 && second.search(image.vector(1), 1, -2).front().id >= 0);
}

TEST(annoy_open_counts_trees_that_annoy_counts_twice) {
    // Leaves as roots: the originals stand right before the copies. One item more, and its node counts too.
    CHECK(open(Image({.layout = AnnoyLayout::euclidean, .n_items = 7, .n_trees = 5})).annoy_n_trees() == 9);
    CHECK(open(Image({.layout = AnnoyLayout::angular, .n_items = 1, .n_trees = 5})).annoy_n_trees() == 11);
    CHECK(open(Image({.layout = AnnoyLayout::angular, .n_items = 1, .n_trees = 5})).n_trees() == 5);
    CHECK(open(Image({.n_items = 70, .n_trees = 5})).annoy_n_trees() == 5);
}

TEST(annoy_open_refuses_another_dim_or_metric) {
    const Image image({.layout = AnnoyLayout::angular, .dim = 40, .n_items = 200});
    const File file(image.bytes());
    std::string message = refusal(file.path(), 41, Metric::angular, ErrorCode::bad_file);
    check_says(message, "a multiple of the 176 bytes");
    check_says(message, "another dim or metric");
    message = refusal(file.path(), 39, Metric::euclidean, ErrorCode::bad_file);  // the same size of node
    check_says(message, "Tried euclidean: node ");
    message = refusal(file.path(), 41, Metric::euclidean, ErrorCode::bad_file);
    check_says(message, "another dim or metric");
    Image damaged(image);
    damaged.put(3, 0, 77);
    message = refusal(File(damaged.bytes()).path(), 40, Metric::angular, ErrorCode::bad_file);
    check_says(message, "item 3 should have 1");
    check_says(message, "damaged or cut short");
    message = refusal(file.path(), 40, Metric::dot, ErrorCode::bad_file);
    check_says(message, "dot (1.13 to 1.17.3): ");
    check_says(message, "dot (main branch since 2023): ");
    check_says(message, "it does fit angular");
    check_says(refusal(file.path(), 40, Metric::cosine, ErrorCode::invalid_argument), "got cosine");
    check_says(refusal(file.path(), 0, Metric::angular, ErrorCode::invalid_argument), "got 0");
    check_says(refusal(file.path(), UINT32_MAX, Metric::angular, ErrorCode::invalid_argument), "got 4294967295");
}

TEST(annoy_open_refuses_what_is_no_file) {
    const File empty(std::vector<std::byte>{});
    check_says(refusal(empty.path(), 4, Metric::dot, ErrorCode::bad_file), "is empty");
    check_says(refusal("/nowhere/at/all.ann", 4, Metric::dot, ErrorCode::io), "check the path");
    CHECK(AnnoyFile::fitting_layouts(File(std::vector<std::byte>(7)).path(), 4).empty());
}

TEST(annoy_layouts_have_names) {
    for (const AnnoyLayout layout : every_layout) {
        CHECK(annoy_layout_name(layout).starts_with(metric_name(annoy_layout_metric(layout))));
    }
    CHECK(annoy_layout_name(static_cast<AnnoyLayout>(99)) == "unknown");
}
