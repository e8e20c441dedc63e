// Files that are damaged or made to harm: refused by name where a rule is broken, and never a crash. Run with
// sanitizers to mean it.
#include <algorithm>
#include <climits>

#include "annoy/sample.hpp"
#include "annoy/validate.hpp"
#include "check.hpp"
#include "nearfile/error.hpp"

using namespace nearfile;
using namespace nearfile::annoy;
using namespace nearfile::annoy::sample;

namespace {

// Bytes in a place of exactly their size, so that a sanitizer sees whoever reads behind the end.
base::Result<Checked> validated(const Image& image) {
    const std::size_t size = image.bytes().size();
    const std::unique_ptr<std::uint64_t[]> place(new std::uint64_t[size / 8 + 1]);
    std::byte* const start = reinterpret_cast<std::byte*>(place.get()) + (size % 8 == 0 ? 8 : 0);
    std::memcpy(start, image.bytes().data(), size);
    const Layout layout = layout_of(image.recipe().layout, image.recipe().dim);
    if (auto sized = validate_size(size, layout); !sized.ok()) return sized.error();
    return validate(Nodes({start, size}, layout));
}

void check_refused(const Recipe& recipe, const std::function<void(Image&)>& damage, const std::string& words) {
    Image image(recipe);
    CHECK(validated(image).ok());
    damage(image);
    const auto result = validated(image);
    CHECK(!result.ok());
    if (result.ok()) return;
    CHECK(result.error().failure == base::Failure::bad_file);
    if (result.error().message.find(words) == std::string::npos) {
        nearfile::test::fail(__FILE__, __LINE__, result.error().message + " says " + words);
    }
}

void check_refused_everywhere(const std::function<void(Image&)>& damage, const std::string& words) {
    for (const AnnoyLayout layout : every_layout) check_refused({.layout = layout, .n_items = 150}, damage, words);
}

// Opens and asks; whatever comes is right unless it crashes.
bool survives(const Image& image) {
    const File file(image.bytes());
    const std::uint32_t dim = image.recipe().dim;
    try {
        const AnnoyFile opened = AnnoyFile::open(file.path(), dim, annoy_layout_metric(image.recipe().layout));
        std::vector<float> values(dim, 1.0f);
        for (const std::int64_t search_k : {-1, 50, -2}) (void)opened.search(values, 5, search_k);
        for (std::int64_t id = 0; id < std::min(opened.n_items(), 20); ++id) {
            opened.vector(id, values);
            (void)opened.distance(id, 0);
        }
        return true;
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_file);
        return false;
    }
}

}  // namespace

TEST(annoy_hostile_number_of_items) {
    for (const std::int32_t count : {-1, INT_MIN, INT_MAX}) {
        check_refused_everywhere([&](Image& i) { i.put(i.last(), 0, count); }, "the number of items");
    }
    check_refused_everywhere([](Image& i) { i.put(i.last(), 0, i.n_nodes()); }, "the number of items");
    check_refused_everywhere([](Image& i) { i.put(i.last(), 0, 0); }, "empty node");
    check_refused_everywhere([](Image& i) { i.put(i.last(), 0, 151); }, "item 150 should have 1");
    check_refused_everywhere([](Image& i) { i.put(i.last(), 0, 149); }, "");
}

TEST(annoy_hostile_items) {
    for (const std::int32_t descendants : {-1, 2, 150, INT_MIN, INT_MAX}) {
        check_refused_everywhere([&](Image& i) { i.put(9, 0, descendants); }, "item 9 should have 1 descendant");
    }
    check_refused_everywhere([](Image& i) { i.put(9, 0, 0); }, "leads to item 9, which is a hole");
}

TEST(annoy_hostile_children) {
    for (const int side : {0, 1}) {
        for (const std::int32_t child : {-1, INT_MIN, INT_MAX}) {
            check_refused_everywhere([&](Image& i) { i.put_child(i.inner(true), side, child); },
                                     "is a split whose children");
            check_refused_everywhere([&](Image& i) { i.put_child(i.last(), side, child); },
                                     "is a split whose children");
        }
        check_refused_everywhere([&](Image& i) { i.put_child(i.inner(true), side, i.n_nodes()); },
                                 "is a split whose children");
        // To itself, to a root, to a node of another tree, to the same node twice.
        check_refused_everywhere([&](Image& i) { i.put_child(i.inner(true), side, i.inner(true)); }, "");
        check_refused_everywhere([&](Image& i) { i.put_child(i.last(), side, i.last()); }, "");
        check_refused_everywhere([&](Image& i) { i.put_child(i.inner(true), side, i.last()); }, "");
        check_refused_everywhere([&](Image& i) { i.put_child(i.last(), side, i.child(i.last() - 1, 0)); }, "");
        check_refused_everywhere([&](Image& i) { i.put_child(i.last(), side, i.child(i.last(), 1 - side)); }, "");
        check_refused_everywhere([&](Image& i) { i.put_child(i.inner(true), side, 3); }, "");
    }
}

TEST(annoy_hostile_leaves) {
    for (const std::int32_t item : {-1, INT_MIN, INT_MAX, 150}) {
        check_refused_everywhere([&](Image& i) { i.put_child(i.inner(false), 0, item); }, "is a leaf whose ids");
    }
    const auto repeat = [](Image& i) { i.put_child(i.inner(false), 0, i.child(i.inner(false), 1)); };
    check_refused_everywhere(repeat, "which its tree has already");
    for (const std::int32_t size : {-1, INT_MIN}) {
        check_refused_everywhere([&](Image& i) { i.put(i.inner(false), 0, size); }, "descendants, expected 0 or more");
    }
    check_refused_everywhere([](Image& i) { i.put(i.inner(false), 0, 0); }, "should lead to all 150 items");
    const auto shorter = [](Image& i) { i.put(i.inner(false), 0, i.get(i.inner(false), 0) - 1); };
    check_refused_everywhere(shorter, "should lead to all 150 items, and leads to 149");
    check_refused_everywhere([](Image& i) { i.put(i.inner(false), 0, i.capacity() + 1); }, "");
    check_refused_everywhere([](Image& i) { i.put(i.inner(false), 0, INT_MAX); }, "");
}

TEST(annoy_hostile_lone_leaf) {
    const Recipe recipe{.layout = AnnoyLayout::euclidean, .dim = 30, .n_items = 20, .n_trees = 1, .holes = {0, 4, 5}};
    const auto both = [](int position, std::int32_t item) {
        return [=](Image& i) {
            i.put_child(i.last(), position, item);
            i.put_child(i.last() - 1, position, item);
        };
    };
    check_refused(recipe, both(0, 4), "which is a hole");
    check_refused(recipe, both(16, 1), "which its tree has already");
    check_refused(recipe, both(19, 20), "is a leaf whose ids");
    check_refused(recipe, [](Image& i) { i.put_child(i.last(), 19, 1); }, "itself and a copy");
    check_refused(recipe, [](Image& i) { i.put(i.last() - 1, 0, 3); }, "should all be roots");
    Image filled(recipe);  // what follows the ids of a root's items is never looked at for what it means
    both(19, 7)(filled);
    CHECK(validated(filled).ok());
}

TEST(annoy_hostile_split_bits) {
    for (const AnnoyLayout layout : {AnnoyLayout::hamming, AnnoyLayout::hamming_packed}) {
        for (const std::uint64_t bit : {std::uint64_t{128}, UINT64_MAX, std::uint64_t{1} << 63}) {
            check_refused(
                {.layout = layout, .dim = 70, .n_items = 150}, [&](Image& i) { i.put(i.last(), i.at().vector, bit); },
                "is a split by bit");
        }
    }
}

// A small file whose roots bring the same large tree again and again would take a search forever.
TEST(annoy_hostile_many_copies_of_a_root) {
    check_refused_everywhere(
        [](Image& i) {
            for (int n = 0; n < 5; ++n) i.copy_node(i.last());
        },
        "times");
    // Not equal, but of the same children.
    const auto nearly = [](Image& i) { i.put(i.copy_node(i.last()), i.at().size - 4, 1.25f); };
    check_refused({.layout = AnnoyLayout::euclidean, .n_items = 150}, nearly, "is reached twice");
    check_refused({.layout = AnnoyLayout::dot_main, .n_items = 150}, nearly, "is reached twice");
}

// Every node has one child that is an item: as deep as there are items.
TEST(annoy_hostile_deep_tree) {
    Image image({.layout = AnnoyLayout::euclidean, .dim = 1, .n_items = 200'000, .n_trees = 0});
    std::int32_t below = 0;
    for (std::int32_t item = 1; item < 200'000; ++item) {
        const std::int32_t split = image.add_node();
        image.put(split, 0, item == 199'999 ? 200'000 : 100);
        image.put_child(split, 0, item);
        image.put_child(split, 1, below);
        below = split;
    }
    image.copy_node(below);
    const auto result = validated(image);
    CHECK(result.ok() && result.value().n_trees == 1);
    CHECK(open(image).search(std::vector<float>{0}, 10, -2).size() == 10);
}

TEST(annoy_hostile_cut_and_extended) {
    for (const AnnoyLayout layout : every_layout) {
        const Image whole({.layout = layout, .dim = 30, .n_items = 90, .n_trees = 2});
        for (std::size_t size = 0; size < whole.bytes().size(); ++size) {
            if (size % whole.at().size > 1 && size % 7 != 0) continue;
            Image part(whole);
            part.bytes().resize(size);
            // What ends right behind a root holds the whole tree of that root, which Annoy would search too.
            const auto end = static_cast<std::int32_t>(size / whole.at().size);
            const bool behind_root = size % whole.at().size == 0 && end > 90 && whole.get(end - 1, 0) == 90;
            CHECK(survives(part) == behind_root);
        }
        for (const std::size_t more : {std::size_t{1}, whole.at().size, 10 * whole.at().size}) {
            Image longer(whole);
            longer.bytes().resize(whole.bytes().size() + more);
            CHECK(!survives(longer));
        }
    }
}

TEST(annoy_hostile_noise) {
    base::Random random(5);
    const auto below = [&](std::size_t bound) { return random.below(static_cast<std::uint32_t>(bound)); };
    int opened = 0;
    for (const AnnoyLayout layout : every_layout) {
        const Image whole({.layout = layout, .dim = 1 + below(8), .n_items = 100, .holes = {3, 70}});
        for (int round = 0; round < 300; ++round) {
            Image image(whole);
            for (std::uint32_t change = 0; change <= below(3); ++change) {
                const std::int32_t values[] = {0, 1, -1, INT_MIN, INT_MAX, static_cast<std::int32_t>(below(400))};
                const auto node = static_cast<std::int32_t>(below(static_cast<std::size_t>(image.n_nodes())));
                image.put(node, below(image.at().size / 4) * 4, values[below(6)]);
            }
            opened += survives(image) ? 1 : 0;
        }
    }
    CHECK(opened > 0);
}
