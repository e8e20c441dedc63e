#include "build/external/parts.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "build/stages.hpp"
#include "opened/seed_parts.hpp"

namespace nearfile::build::external {
namespace {

// docs/algorithms/external-build.md has the measurements behind these.
constexpr double guests_of_items = 0.5;  // in all parts together, by planes
constexpr double guests_of_bits = 1.0;   // and by bits
constexpr double full = 0.8;             // a part of the sample, so that one of the data is not too large
constexpr std::uint32_t sampled_a_part = 1024;
constexpr std::uint32_t least_sampled = 16384;
constexpr std::uint32_t most_sampled = 131072;

using forest::BitSplit;
using forest::leaf_bit;
using forest::NodeRef;
using forest::Split;

// All items of a node are at one distance from a bit, so nobody is nearer to it than others: an item is a guest where
// the nearest of some items of other parts is.
template <class SplitType>
constexpr bool by_planes = std::is_same_v<SplitType, Split>;
template <class SplitType>
constexpr double guest_share = by_planes<SplitType> ? guests_of_items : guests_of_bits;
constexpr std::uint32_t asked_a_part = 16;

// A split that sends nobody above.
template <class SplitType>
SplitType split_of_nobody();
template <>
Split split_of_nobody() {
    return {0, 0, 0.0f, 0.0f};
}
template <>
BitSplit split_of_nobody() {
    return {0, 0, forest::no_bit, 0};
}

struct Guest {
    std::uint32_t leaf;
    std::uint32_t row;
};

template <class SplitType>
class Dividing {
public:
    Dividing(const WithMembers<SplitType>& with_members, const Sides<SplitType>& sides, const DivideOptions& options,
             const StageWatch& watch)
        : with_members_(with_members), sides_(sides), options_(options), watch_(watch) {}

    Divided<SplitType> run() {
        if (options_.count > options_.most_members) {
            grow();
        } else {
            tree_.root = leaf_bit;
            tree_.starts = {0};
        }
        route();
        settle();
        return std::move(divided_);
    }

private:
    // The tree of a sample of rows, evenly spread, and how near to a plane of it a guest is.
    void grow() {
        const double home = options_.most_members / (1 + guest_share<SplitType>)*full;
        const auto parts = static_cast<std::uint32_t>(std::ceil(options_.count / home));
        const std::uint32_t wanted =
            std::clamp(std::min(parts, most_sampled / sampled_a_part) * sampled_a_part, least_sampled, most_sampled);
        const std::uint32_t n = std::min({options_.count, options_.most_members, wanted});
        std::vector<std::uint32_t> sample(n);
        for (std::uint32_t i = 0; i < n; ++i) {
            sample[i] = static_cast<std::uint32_t>(std::uint64_t{i} * options_.count / n);
        }
        const auto leaf_size = std::max(1u, static_cast<std::uint32_t>(home * n / options_.count));
        const std::uint64_t seed = opened::derive_seed(options_.seed, opened::SeedPart::parts);
        with_members_(sample, [&](const graph::Distances&, const GrowOne<SplitType>& grow_one) {
            std::atomic<bool> stop{false};
            run_stage(
                "parts", 1, options_.threads,
                [&](std::size_t) { tree_ = grow_one({leaf_size, seed, options_.threads}, stop); }, watch_, stop);
        });
        if constexpr (by_planes<SplitType>) {
            find_nearness(sample);
        } else {
            choose_asked(sample);
        }
        tree_.items = {};
    }

    void find_nearness(std::span<const std::uint32_t> sample) {
        near_.assign(tree_.splits.size(), 0.0f);
        const double levels = std::log2(static_cast<double>(tree_.starts.size()));
        const double share = std::pow(1 + guest_share<SplitType>, 1 / std::max(1.0, levels)) - 1;
        std::vector<std::vector<float>> margins(near_.size());
        for (const std::uint32_t row : sample) {
            for (NodeRef at = tree_.root; !forest::is_leaf(at);) {
                const float margin = sides_.margin_of(row, at, tree_);
                margins[at].push_back(std::fabs(margin));
                at = margin > 0 ? tree_.splits[at].above : tree_.splits[at].below;
            }
        }
        for (std::size_t split = 0; split < near_.size(); ++split) {
            auto& some = margins[split];
            if (some.empty()) continue;
            const auto at = some.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(some.size()));
            std::nth_element(some.begin(), at, some.end());
            near_[split] = *at;
        }
    }

    // Of each leaf some items, evenly spread.
    void choose_asked(std::span<const std::uint32_t> sample) {
        for (std::uint32_t leaf = 0; leaf < tree_.starts.size(); ++leaf) {
            const std::size_t begin = tree_.starts[leaf];
            const std::size_t end = leaf + 1 < tree_.starts.size() ? tree_.starts[leaf + 1] : sample.size();
            const std::size_t n = std::min<std::size_t>(asked_a_part, end - begin);
            for (std::size_t i = 0; i < n; ++i) {
                asked_.push_back(sample[tree_.items[begin + i * (end - begin) / n]]);
                leaf_of_asked_.push_back(leaf);
            }
        }
    }

    // The leaf of every row, and where it is a guest.
    void route() {
        leaf_of_row_.resize(options_.count);
        guests_.resize(n_blocks(options_.count));
        run_blocks(
            "parts", options_.count, options_.threads,
            [&](std::size_t block, std::uint32_t begin, std::uint32_t end) {
                std::vector<std::pair<NodeRef, bool>> stack;  // and whether it is the row's own way
                std::vector<float> distances(asked_.size());
                for (std::uint32_t row = begin; row < end; ++row) {
                    descend(row, stack, guests_[block]);
                    if (!asked_.empty()) ask(row, distances, guests_[block]);
                }
            },
            watch_);
    }

    void descend(std::uint32_t row, std::vector<std::pair<NodeRef, bool>>& stack, std::vector<Guest>& guests) {
        stack.assign(1, {tree_.root, true});
        while (!stack.empty()) {
            const auto [at, own] = stack.back();
            stack.pop_back();
            if (forest::is_leaf(at)) {
                if (own) {
                    leaf_of_row_[row] = at & ~leaf_bit;
                } else {
                    guests.push_back({at & ~leaf_bit, row});
                }
                continue;
            }
            const float margin = sides_.margin_of(row, at, tree_);
            const SplitType& split = tree_.splits[at];
            const auto [here, across] =
                margin > 0 ? std::pair(split.above, split.below) : std::pair(split.below, split.above);
            stack.emplace_back(here, own);
            if (by_planes<SplitType> && std::fabs(margin) <= near_[at]) stack.emplace_back(across, false);
        }
    }

    void ask(std::uint32_t row, std::vector<float>& distances, std::vector<Guest>& guests) {
        sides_.rows->from(row, asked_, distances.data());
        std::size_t nearest = asked_.size();
        for (std::size_t i = 0; i < asked_.size(); ++i) {
            if (leaf_of_asked_[i] == leaf_of_row_[row]) continue;
            if (nearest == asked_.size() || distances[i] < distances[nearest]) nearest = i;
        }
        if (nearest < asked_.size()) guests.push_back({leaf_of_asked_[nearest], row});
    }

    // Leaves become parts; one that is too large for the memory becomes some, cut in the order of rows.
    void settle() {
        const std::size_t n_leaves = tree_.starts.size();
        std::vector<std::uint32_t> home(n_leaves);
        for (const std::uint32_t leaf : leaf_of_row_) ++home[leaf];
        std::vector<std::vector<std::uint32_t>> guests(n_leaves);
        for (auto& block : guests_) {
            for (const Guest& each : block) guests[each.leaf].push_back(each.row);
            block = {};
        }
        Division& division = divided_.division;
        std::vector<std::uint32_t> next(n_leaves);
        std::vector<NodeRef> ref_of_leaf(n_leaves);
        const std::size_t n_splits = tree_.splits.size();
        divided_.entry_tree.splits = std::move(tree_.splits);
        divided_.entry_tree.planes = std::move(tree_.planes);
        std::uint32_t place = 0;
        for (std::size_t leaf = 0; leaf < n_leaves; ++leaf) {
            next[leaf] = place;
            const auto most = static_cast<std::uint32_t>(options_.most_members * full);
            const std::uint32_t n = home[leaf] > options_.most_members ? (home[leaf] + most - 1) / most : 1;
            const auto first = static_cast<std::uint32_t>(division.parts.size());
            const auto first_guest = static_cast<std::uint32_t>(division.guests.size());
            const std::uint32_t largest = (home[leaf] + n - 1) / n;
            take_guests(guests[leaf], options_.most_members - std::min(options_.most_members, largest));
            const auto last_guest = static_cast<std::uint32_t>(division.guests.size());
            for (std::uint32_t i = 0; i < n; ++i) {
                const auto begin = static_cast<std::uint32_t>(place + std::uint64_t{home[leaf]} * i / n);
                const auto end = static_cast<std::uint32_t>(place + std::uint64_t{home[leaf]} * (i + 1) / n);
                division.parts.push_back({begin, end, first_guest, last_guest});
            }
            ref_of_leaf[leaf] = tree_of_parts(first, first + n);
            place += home[leaf];
        }
        for (std::size_t split = 0; split < n_splits; ++split) {
            for (NodeRef* const ref :
                 {&divided_.entry_tree.splits[split].below, &divided_.entry_tree.splits[split].above}) {
                if (forest::is_leaf(*ref)) *ref = ref_of_leaf[*ref & ~leaf_bit];
            }
        }
        divided_.entry_tree.roots = {forest::is_leaf(tree_.root) ? ref_of_leaf[0] : tree_.root};
        division.place_of_row = std::move(leaf_of_row_);
        for (std::uint32_t& each : division.place_of_row) each = next[each]++;
    }

    // As many as there is room for, evenly spread.
    void take_guests(const std::vector<std::uint32_t>& some, std::uint32_t room) {
        const std::uint64_t n = std::min<std::uint64_t>(room, some.size());
        for (std::uint64_t i = 0; i < n; ++i) divided_.division.guests.push_back(some[i * some.size() / n]);
    }

    NodeRef tree_of_parts(std::uint32_t first, std::uint32_t last) {
        if (last - first == 1) return first | leaf_bit;
        auto& tree = divided_.entry_tree;
        const auto self = static_cast<NodeRef>(tree.splits.size());
        tree.splits.push_back(split_of_nobody<SplitType>());
        tree.planes.resize(tree.planes.size() + options_.plane_dim);
        const std::uint32_t middle = first + (last - first) / 2;
        const NodeRef below = tree_of_parts(first, middle);
        const NodeRef above = tree_of_parts(middle, last);
        tree.splits[self].below = below;
        tree.splits[self].above = above;
        return self;
    }

    const WithMembers<SplitType>& with_members_;
    const Sides<SplitType>& sides_;
    const DivideOptions& options_;
    const StageWatch& watch_;
    forest::Tree<SplitType> tree_;
    std::vector<float> near_;           // of each split, how near a guest of its other side is
    std::vector<std::uint32_t> asked_;  // rows of the sample, and the leaves that they are in
    std::vector<std::uint32_t> leaf_of_asked_;
    std::vector<std::uint32_t> leaf_of_row_;
    std::vector<std::vector<Guest>> guests_;  // of blocks of rows
    Divided<SplitType> divided_;
};

// Guests are looked for by their rows; they are wanted as items, which are read one after another.
void guests_as_items(Division& division) {
    std::vector<std::uint32_t> item_of_place(division.place_of_item.size());
    for (std::uint32_t item = 0; item < item_of_place.size(); ++item)
        item_of_place[division.place_of_item[item]] = item;
    for (std::uint32_t& each : division.guests) each = item_of_place[division.place_of_row[each]];
    std::uint32_t sorted = 0;
    for (const Part& part : division.parts) {
        if (part.last_guest <= sorted) continue;  // of another part of the same leaf
        std::sort(division.guests.begin() + part.first_guest, division.guests.begin() + part.last_guest);
        sorted = part.last_guest;
    }
}

}  // namespace

template <class SplitType>
Divided<SplitType> divide(const WithMembers<SplitType>& with_members, const Sides<SplitType>& sides,
                          const DivideOptions& options, const StageWatch& watch) {
    return Dividing<SplitType>(with_members, sides, options, watch).run();
}

template <class SplitType>
void order_parts(const WithMembers<SplitType>& with_members, const DivideOptions& options, const StageWatch& watch,
                 Divided<SplitType>& divided) {
    Division& division = divided.division;
    auto& all = divided.entry_tree;
    const std::size_t n_top = all.splits.size();
    std::vector<NodeRef> root_of_part(division.parts.size());
    division.place_of_item.resize(options.count);
    for (std::size_t number = 0; number < division.parts.size(); ++number) {
        const Part& part = division.parts[number];
        std::vector<std::uint32_t> members(part.end - part.begin);
        std::iota(members.begin(), members.end(), part.begin);
        forest::Tree<SplitType> tree;
        if (!members.empty()) {
            with_members(members, [&](const graph::Distances&, const GrowOne<SplitType>& grow_one) {
                std::atomic<bool> stop{false};
                const std::uint64_t seed =
                    base::derive_seed(opened::derive_seed(options.seed, opened::SeedPart::entry_tree), number);
                run_stage(
                    "entry tree", 1, options.threads,
                    [&](std::size_t) { tree = grow_one({options.leaf_size, seed, options.threads}, stop); }, watch,
                    stop);
            });
        } else {
            tree.root = leaf_bit;
            tree.starts = {0};
        }
        for (std::uint32_t i = 0; i < members.size(); ++i) {
            division.place_of_item[part.begin + i] = part.begin + tree.items[i];
        }
        const auto splits = static_cast<std::uint32_t>(all.splits.size());
        const auto leaves = static_cast<std::uint32_t>(all.starts.size());
        const auto moved = [&](NodeRef ref) { return ref + (forest::is_leaf(ref) ? leaves : splits); };
        root_of_part[number] = moved(tree.root);
        for (SplitType split : tree.splits) {
            split.below = moved(split.below);
            split.above = moved(split.above);
            all.splits.push_back(split);
        }
        all.planes.insert(all.planes.end(), tree.planes.begin(), tree.planes.end());
        for (const std::uint32_t start : tree.starts) all.starts.push_back(part.begin + start);
    }
    all.starts.push_back(options.count);
    const auto attach = [&](NodeRef& ref) {
        if (forest::is_leaf(ref)) ref = root_of_part[ref & ~leaf_bit];
    };
    attach(all.roots.front());
    for (std::size_t split = 0; split < n_top; ++split) {
        attach(all.splits[split].below);
        attach(all.splits[split].above);
    }
    guests_as_items(division);
}

template Divided<Split> divide(const WithMembers<Split>&, const Sides<Split>&, const DivideOptions&, const StageWatch&);
template Divided<BitSplit> divide(const WithMembers<BitSplit>&, const Sides<BitSplit>&, const DivideOptions&,
                                  const StageWatch&);
template void order_parts(const WithMembers<Split>&, const DivideOptions&, const StageWatch&, Divided<Split>&);
template void order_parts(const WithMembers<BitSplit>&, const DivideOptions&, const StageWatch&, Divided<BitSplit>&);

}  // namespace nearfile::build::external
