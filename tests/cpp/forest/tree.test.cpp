// The forest put together from trees: the same trees, renumbered one after another.
#include "forest/tree.hpp"

#include "check.hpp"
#include "forest/sample.hpp"

using namespace nearfile::forest;
using namespace nearfile::forest::sample;

namespace {

template <class SplitType>
void check_grove_is_its_trees(const std::vector<Tree<SplitType>>& trees, const Forest<SplitType>& forest) {
    CHECK(forest.roots.size() == trees.size());
    std::size_t items_before = 0;
    std::size_t planes_before = 0;
    for (std::size_t t = 0; t < trees.size(); ++t) {
        const auto& tree = trees[t];
        std::vector<NodeRef> leaves;
        std::vector<NodeRef> joined_leaves;
        CHECK(walk(tree.splits, tree.root, 100, leaves) == walk(forest.splits, forest.roots[t], 100, joined_leaves));
        CHECK(leaves.size() == joined_leaves.size());
        for (std::size_t i = 0; i < leaves.size(); ++i) {
            CHECK(forest.starts[joined_leaves[i]] == items_before + tree.starts[leaves[i]]);
        }
        CHECK(std::equal(tree.items.begin(), tree.items.end(),
                         forest.items.begin() + static_cast<std::ptrdiff_t>(items_before)));
        CHECK(std::equal(tree.planes.begin(), tree.planes.end(),
                         forest.planes.begin() + static_cast<std::ptrdiff_t>(planes_before)));
        items_before += tree.items.size();
        planes_before += tree.planes.size();
    }
    CHECK(forest.items.size() == items_before && forest.starts.back() == items_before);
    CHECK(forest.planes.size() == planes_before);
}

}  // namespace

TEST(tree_join_keeps_every_tree) {
    const auto set = random_points(9, 700, 1);
    std::vector<Tree<Split>> trees;
    for (std::uint64_t seed = 0; seed < 5; ++seed) trees.push_back(grow_tree(set, 16, seed));
    const auto before = trees;
    check_grove_is_its_trees(before, join(trees));
    for (const auto& tree : trees) CHECK(tree.items.empty() && tree.splits.empty());
}

TEST(tree_join_keeps_every_tree_of_bits) {
    const auto set = random_bits(80, 700, 1);
    std::vector<Tree<BitSplit>> trees;
    for (std::uint64_t seed = 0; seed < 5; ++seed) trees.push_back(grow_tree(set, 16, seed));
    const auto before = trees;
    check_grove_is_its_trees(before, join(trees));
}

TEST(tree_join_of_trees_that_are_one_leaf) {
    const auto set = random_points(4, 10, 1);
    std::vector<Tree<Split>> trees = {grow_tree(set, 16, 1), grow_tree(set, 16, 2)};
    const auto forest = join(trees);
    CHECK((forest.roots == std::vector<NodeRef>{leaf_bit, leaf_bit | 1}));
    CHECK((forest.starts == std::vector<std::uint64_t>{0, 10, 20}));
    CHECK(forest.splits.empty() && forest.planes.empty());
}

TEST(tree_join_of_no_trees) {
    std::vector<Tree<Split>> trees;
    const auto forest = join(trees);
    CHECK(forest.roots.empty() && forest.items.empty());
    CHECK((forest.starts == std::vector<std::uint64_t>{0}));
}

TEST(tree_leaf_gives_nothing_where_its_numbers_are_damaged) {
    const std::vector<ItemId> items = {0, 1, 2, 3};
    const auto leaf = [&](std::vector<std::uint64_t> starts, NodeRef number) {
        return Leaves{{}, starts, items, 3, 4}.leaf(number | leaf_bit).size();
    };
    CHECK(leaf({0, 2, 4}, 1) == 2);
    CHECK(leaf({0, 2, 4}, 2) == 0);  // no such leaf
    CHECK(leaf({0, 2, 4}, 0x7fffffff) == 0);
    CHECK(leaf({0, 5}, 0) == 0);  // behind the end
    CHECK(leaf({3, 1}, 0) == 0);  // descending
    CHECK(leaf({0, 4}, 0) == 0);  // larger than a leaf may be
    CHECK(leaf({~std::uint64_t{0}, ~std::uint64_t{0}}, 0) == 0);
    CHECK(leaf({~std::uint64_t{0}, 1}, 0) == 0);
    CHECK(leaf({}, 0) == 0);
}
