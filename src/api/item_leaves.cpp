#include "api/item_leaves.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "api/extent.hpp"
#include "base/once.hpp"
#include "opened/verify.hpp"

namespace nearfile::api {
namespace {

using opened::SectionKind;

// How far above the planes a search for the item's vector is.
class PlaneSides {
public:
    using SplitType = forest::Split;

    PlaneSides(const Index::State& state, search::Scorer& scorer) : state_(state), forest_(state.planes) {
        scorer.set_space();
        code_ = scorer.seen().code();
        scale_ = scorer.seen().tail().scale;
        if (!state.graph || state.description.metric != Metric::dot) return;
        // Planes of inner products were grown on directions: Scorer::entry_points().
        float squares = scorer.centered_norm();
        if (state.space.kind() != opened::SpaceKind::own) {
            const float* seen = scorer.seen_values().data();
            state.kernels->dot_f32(seen, seen, 0, nullptr, 1, state.space.dim(), &squares);
        }
        if (squares > 0) scale_ /= std::sqrt(squares);
    }

    const forest::Leaves& leaves() const noexcept { return forest_.leaves; }
    std::span<const SplitType> splits() const noexcept { return forest_.splits; }
    bool above(forest::NodeRef ref, const SplitType& split) const noexcept { return margin(ref, split) > 0; }

    void tell(const SplitType& split, Inspection::Split& told) const noexcept {
        const std::int8_t* plane = forest_.planes.data() + told.number * forest_.dim;
        told.plane = extent_of(state_, plane, forest_.dim);
        told.margin = margin(told.number, split);
    }

private:
    float margin(forest::NodeRef ref, const SplitType& split) const noexcept {
        std::int32_t product = 0;
        state_.kernels->dot_i8(code_, forest_.planes.data() + ref * forest_.dim, forest_.dim, nullptr, 1, forest_.dim,
                               &product);
        return split.scale * scale_ * static_cast<float>(product) + split.offset;
    }

    const Index::State& state_;
    const forest::PlaneForest& forest_;
    const std::int8_t* code_ = nullptr;
    float scale_ = 0;
};

class BitSides {
public:
    using SplitType = forest::BitSplit;

    BitSides(const Index::State& state, const search::Scorer& scorer)
        : forest_(state.bit_forest), words_(scorer.words()) {}

    const forest::Leaves& leaves() const noexcept { return forest_.leaves; }
    std::span<const SplitType> splits() const noexcept { return forest_.splits; }
    bool above(forest::NodeRef, const SplitType& split) const noexcept {
        const std::uint32_t bit = base::read_once(split.bit);
        return bit < forest_.dim && (words_[bit / 64] >> (bit % 64) & 1) != 0;
    }
    void tell(const SplitType& split, Inspection::Split& told) const noexcept {
        if (split.bit < forest_.dim) told.bit = split.bit;
    }

private:
    const forest::BitForest& forest_;
    std::span<const std::uint64_t> words_;
};

// Goes down every tree, on the side of the item's vector first: an item near to a plane may be on the other one.
template <class Sides>
class LeafFinder {
public:
    LeafFinder(const Index::State& state, std::uint32_t item, const Sides& sides)
        : state_(state),
          item_(item),
          sides_(sides),
          nodes_left_(sides.splits().size() + sides.leaves().starts.size()),
          items_left_(sides.leaves().items.size()) {}

    std::vector<Inspection::Leaf> run() {
        std::vector<Inspection::Leaf> found;
        const auto roots = sides_.leaves().roots;
        for (std::uint32_t tree = 0; tree < roots.size(); ++tree) {
            const forest::NodeRef leaf = find(base::read_once(roots[tree]));
            Inspection::Leaf& told = found.emplace_back();
            told.tree = tree;
            told.root = extent_of(state_, &roots[tree], sizeof roots[tree]);
            for (const Step& step : path_) told.path.push_back(tell(step));
            told.number = leaf & ~forest::leaf_bit;
            told.bounds = extent_of(state_, &sides_.leaves().starts[told.number], 2 * sizeof(std::uint64_t));
            for (const std::uint32_t each : items_of(leaf)) told.rows.push_back(row_of(each));
        }
        return found;
    }

private:
    struct Step {
        forest::NodeRef ref;
        typename Sides::SplitType split;  // a copy: the file may change
        bool search_above;
        bool turned;  // to the other side

        bool above() const noexcept { return search_above != turned; }
    };

    // The leaf that has the item; path_ leads there. A sound forest has every node once, so that the number of nodes,
    // and of items in leaves, is the most that can be looked at.
    forest::NodeRef find(forest::NodeRef ref) {
        path_.clear();
        while (nodes_left_-- > 0) {
            if (!forest::is_leaf(ref)) {
                if (ref >= sides_.splits().size()) break;
                const auto split = sides_.splits()[ref];
                path_.push_back({ref, split, sides_.above(ref, split), false});
            } else {
                if (has_item(ref)) return ref;
                while (!path_.empty() && path_.back().turned) path_.pop_back();
                if (path_.empty()) break;
                path_.back().turned = true;
            }
            const Step& last = path_.back();
            ref = base::read_once(last.above() ? last.split.above : last.split.below);
        }
        opened::raise_damaged(state_, SectionKind::splits,
                              "a tree leads to no leaf that has item " + std::to_string(item_));
    }

    bool has_item(forest::NodeRef leaf) {
        if (state_.graph) {
            const forest::Range range = sides_.leaves().range(leaf);
            return item_ >= range.first && item_ - range.first < range.size;
        }
        const auto items = sides_.leaves().leaf(leaf);
        if (items.size() > items_left_) return false;
        items_left_ -= items.size();
        return std::find(items.begin(), items.end(), item_) != items.end();
    }

    std::vector<std::uint32_t> items_of(forest::NodeRef leaf) const {
        if (!state_.graph) {
            const auto items = sides_.leaves().leaf(leaf);
            return {items.begin(), items.end()};
        }
        const forest::Range range = sides_.leaves().range(leaf);
        std::vector<std::uint32_t> items(range.size);
        std::iota(items.begin(), items.end(), range.first);
        return items;
    }

    std::uint32_t row_of(std::uint32_t item) const {
        if (item >= state_.description.count) {
            opened::raise_damaged(state_, SectionKind::leaf_items, "a leaf has an item that does not exist");
        }
        const std::uint32_t row = state_.graph ? base::read_once(state_.graph->row_of_item[item]) : item;
        if (row >= state_.description.count) {
            opened::raise_damaged(state_, SectionKind::row_of_item, "a row that does not exist");
        }
        return row;
    }

    Inspection::Split tell(const Step& step) const {
        Inspection::Split told{};
        told.number = step.ref;
        told.extent = extent_of(state_, &sides_.splits()[step.ref], sizeof step.split);
        told.above = step.above();
        told.search_above = step.search_above;
        sides_.tell(step.split, told);
        return told;
    }

    const Index::State& state_;
    const std::uint32_t item_;
    const Sides& sides_;
    std::size_t nodes_left_;
    std::size_t items_left_;
    std::vector<Step> path_;
};

}  // namespace

std::vector<Inspection::Leaf> leaves_of(const Index::State& state, std::uint32_t item, search::Scorer& scorer) {
    if (state.bits) {
        const BitSides sides(state, scorer);
        return LeafFinder(state, item, sides).run();
    }
    const PlaneSides sides(state, scorer);
    return LeafFinder(state, item, sides).run();
}

}  // namespace nearfile::api
