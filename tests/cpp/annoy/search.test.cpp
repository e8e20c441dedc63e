// Answers against a reference that follows the description of Annoy's query word for word, on every layout.
#include <limits>

#include "annoy/reference.hpp"
#include "annoy/sample.hpp"
#include "check.hpp"
#include "nearfile/error.hpp"

using namespace nearfile;
using namespace nearfile::annoy::sample;

namespace {

constexpr std::int64_t search_ks[] = {1, 3, 10, 50, 200, 100'000};

void check_answers(Image image) {
    const AnnoyFile file = open(image);
    CHECK(file.layout() == image.recipe().layout);
    CHECK(file.n_items() == image.recipe().n_items);
    CHECK(file.n_trees() == static_cast<std::uint32_t>(image.recipe().n_trees));
    CHECK(file.annoy_n_trees() == annoy_roots(image).size());
    for (int round = 0; round < 8; ++round) {
        const auto query = image.random_vector();
        for (const std::int64_t search_k : search_ks) {
            for (const std::size_t n : {1UL, 7UL, 1000UL}) {
                const auto expected = reference_search(image, query, n, static_cast<std::size_t>(search_k));
                CHECK(same(file.search(query, static_cast<std::int64_t>(n), search_k), expected));
            }
        }
        const auto expected = reference_search(image, query, 4, 4 * annoy_roots(image).size());
        CHECK(same(file.search(query, 4), expected));
    }
}

// Holes but for every `every`th id and the last.
std::vector<std::int32_t> all_but(std::int32_t n_items, std::int32_t every) {
    std::vector<std::int32_t> holes;
    for (std::int32_t id = 0; id < n_items - 1; ++id) {
        if (id % every != 0) holes.push_back(id);
    }
    return holes;
}

}  // namespace

TEST(annoy_search_every_layout) {
    for (const AnnoyLayout layout : every_layout) {
        for (const std::uint32_t dim : {1U, 2U, 5U, 64U, 65U}) {
            for (const std::int32_t n_items : {1, 2, 9, 41, 300}) {
                check_answers(Image({.layout = layout, .dim = dim, .n_items = n_items}));
                check_answers(Image({.layout = layout, .dim = dim, .n_items = n_items, .pre_order = true}));
            }
        }
    }
}

TEST(annoy_search_holes) {
    for (const AnnoyLayout layout : every_layout) {
        for (const std::int32_t n_items : {2, 4, 40, 300}) {
            for (const std::int32_t every : {2, 7, 299}) {
                const auto holes = all_but(n_items, every);
                check_answers(Image({.layout = layout, .dim = 3, .n_items = n_items, .holes = holes}));
            }
            // A single item, the last, or the first and the last.
            auto holes = all_but(n_items, n_items);
            check_answers(Image({.layout = layout, .dim = 3, .n_items = n_items, .holes = holes}));
            holes.push_back(0);
            check_answers(Image({.layout = layout, .dim = 3, .n_items = n_items, .holes = holes}));
        }
    }
}

TEST(annoy_search_angular_without_stored_norms) {
    Image with({.n_items = 80});
    const Image without({.n_items = 80, .stored_norms = false});
    CHECK(with.bytes() != without.bytes());
    const AnnoyFile a = open(with);
    const AnnoyFile b = open(without);
    const auto query = with.random_vector();
    CHECK(same(a.search(query, 20), b.search(query, 20)));
}

TEST(annoy_search_originals_before_the_copies) {
    for (const std::int32_t originals : {1, 2}) {
        Image image({.layout = AnnoyLayout::euclidean, .n_items = 100, .n_trees = 4, .originals = originals});
        // The last root's original stands before these here, and Annoy would drop it; what is left is counted twice.
        const AnnoyFile file = open(image);
        CHECK(file.n_trees() == 4);
        CHECK(file.annoy_n_trees() > 4);
        check_answers(image);
    }
}

TEST(annoy_search_numbers_at_the_edge) {
    Image image({.layout = AnnoyLayout::euclidean, .n_items = 100, .n_trees = 4});
    const AnnoyFile file = open(image);
    const auto query = image.random_vector();
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    CHECK(file.search(query, 0).empty());
    CHECK(file.search(query, 0, 1000).empty());
    CHECK(file.search(query, 10, 0).empty());
    for (const std::int64_t n : {std::int64_t{-1}, std::int64_t{-2}, least, most, std::int64_t{1} << 30}) {
        CHECK(file.search(query, n).size() == 100);
        CHECK(file.search(query, n, 1).size() < 100);
    }
    for (const std::int64_t search_k : {std::int64_t{-2}, least, most}) {
        CHECK(file.search(query, 100, search_k).size() == 100);
        CHECK(file.search(query, 5, search_k).size() == 5);
    }
}

TEST(annoy_search_values_that_are_no_numbers) {
    const float strange[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                             -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::max()};
    for (const AnnoyLayout layout : every_layout) {
        Image image({.layout = layout, .dim = 6, .n_items = 200});
        if (image.bits()) continue;
        auto query = image.random_vector();
        for (const float value : strange) {
            query[2] = value;
            CHECK(open(image).search(query, 200, 1'000'000).size() == 200);
        }
        for (std::int32_t node = 0; node < image.n_nodes(); node += 3) {
            if (!image.is_leaf(node)) image.put(node, image.at().vector + 4, strange[node / 3 % 4]);
        }
        const AnnoyFile file = open(image);
        CHECK(file.search(query, 200, 1'000'000).size() == 200);
        CHECK(file.search(image.vector(0), 10, 50).size() == 10);
    }
    // A query without direction is sqrt(2) from everything.
    const AnnoyFile file = open(Image({.dim = 2, .n_items = 10}));
    for (const auto& neighbor : file.search(std::vector<float>{0, 0}, 10)) CHECK(neighbor.distance == std::sqrt(2.0f));
}

TEST(annoy_search_refuses_a_query_of_another_length) {
    const AnnoyFile file = open(Image({.dim = 5}));
    for (const std::size_t length : {0UL, 4UL, 6UL}) {
        try {
            (void)file.search(std::vector<float>(length), 1);
            CHECK(false);
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::invalid_argument);
            CHECK(std::string(error.what()).find("must have 5 values") != std::string::npos);
        }
    }
}
