#include "forest/descend.hpp"

#include <algorithm>

namespace nearfile::forest {
namespace {

// Deeper than any tree that was grown: a damaged file may have circles.
constexpr int deepest = 1024;

template <class SplitType, class Above>
Range follow(const Leaves& leaves, std::span<const SplitType> splits, const Above& above) {
    if (leaves.roots.empty()) return {};
    NodeRef ref = base::read_once(leaves.roots.front());
    for (int depth = 0; depth < deepest && !is_leaf(ref); ++depth) {
        if (ref >= splits.size()) return {};
        ref = base::read_once(above(ref, splits[ref]) ? splits[ref].above : splits[ref].below);
    }
    if (!is_leaf(ref)) return {};
    return leaves.range(ref);
}

}  // namespace

Range descend(const kernels::Kernels& kernels, const PlaneForest& forest, const PlaneQuery& query) {
    return follow<Split>(forest.leaves, forest.splits, [&](NodeRef ref, const Split& split) {
        std::int32_t product = 0;
        kernels.dot_i8(query.code, forest.planes.data() + ref * forest.dim, forest.dim, nullptr, 1, forest.dim,
                       &product);
        return split.scale * query.scale * static_cast<float>(product) + split.offset > 0;
    });
}

Range descend(const BitForest& forest, std::span<const std::uint64_t> query) {
    return follow<BitSplit>(forest.leaves, forest.splits, [&](NodeRef, const BitSplit& split) {
        const std::uint32_t bit = base::read_once(split.bit);
        return bit < forest.dim && (query[bit / 64] >> (bit % 64) & 1) != 0;  // no_bit is above every dim
    });
}

}  // namespace nearfile::forest
