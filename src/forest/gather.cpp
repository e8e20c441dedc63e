#include "forest/gather.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/prefetch.hpp"

namespace nearfile::forest {
namespace {

using Entry = GatherScratch::Entry;

// Walkers go down together, so that the cache lines of their planes are fetched side by side instead of one after
// another.
constexpr std::size_t walkers_at_once = 8;

// A type, not a function, so that the heap's comparisons are inlined.
struct Worse {
    bool operator()(const Entry& a, const Entry& b) const noexcept {
        return a.priority < b.priority || (a.priority == b.priority && a.ref > b.ref);
    }
};

// `heap` is a heap but for what came after its first `ordered` entries.
void restore(std::vector<Entry>& heap, std::size_t ordered) {
    // After the first descent nearly all are new, and one pass over them is cheaper than one by one.
    if (ordered * 4 < heap.size()) {
        std::make_heap(heap.begin(), heap.end(), Worse{});
        return;
    }
    for (std::size_t end = ordered + 1; end <= heap.size(); ++end) {
        std::push_heap(heap.begin(), heap.begin() + static_cast<std::ptrdiff_t>(end), Worse{});
    }
}

Entry pop(std::vector<Entry>& heap) {
    std::pop_heap(heap.begin(), heap.end(), Worse{});
    const Entry entry = heap.back();
    heap.pop_back();
    return entry;
}

// How far the query is from the planes of some splits, and what that does to the priority of either side.
struct PlaneWalk {
    const kernels::Kernels& kernels;
    const PlaneForest& forest;
    const PlaneQuery& query;

    static constexpr float root_priority = std::numeric_limits<float>::infinity();
    std::size_t n_splits() const noexcept { return forest.splits.size(); }
    const Split& split(NodeRef ref) const noexcept { return forest.splits[ref]; }
    void prefetch(NodeRef ref) const noexcept {
        kernels::prefetch(&forest.splits[ref]);
        const std::int8_t* plane = forest.planes.data() + ref * forest.dim;
        for (std::size_t i = 0; i < forest.dim; i += 64) kernels::prefetch(plane + i);
    }

    void margins(const std::vector<NodeRef>& refs, GatherScratch& scratch) const {
        scratch.products.resize(refs.size());
        kernels.dot_i8(query.code, forest.planes.data(), forest.dim, refs.data(), refs.size(), forest.dim,
                       scratch.products.data());
        for (std::size_t w = 0; w < refs.size(); ++w) {
            const Split& at = forest.splits[refs[w]];
            scratch.margins[w] = at.scale * query.scale * static_cast<float>(scratch.products[w]) + at.offset;
        }
    }
    static float near_priority(float parent, float margin) noexcept {
        return parent > 0 ? std::min(parent, std::fabs(margin)) : parent;
    }
    static float far_priority(float parent, float margin) noexcept { return std::min(parent, 0.0f) - margin * margin; }
};

struct BitWalk {
    const BitForest& forest;
    std::span<const std::uint64_t> query;

    static constexpr float root_priority = 0;
    std::size_t n_splits() const noexcept { return forest.splits.size(); }
    const BitSplit& split(NodeRef ref) const noexcept { return forest.splits[ref]; }
    void prefetch(NodeRef ref) const noexcept { kernels::prefetch(&forest.splits[ref]); }

    void margins(const std::vector<NodeRef>& refs, GatherScratch& scratch) const {
        for (std::size_t w = 0; w < refs.size(); ++w) {
            const std::uint32_t bit = base::read_once(forest.splits[refs[w]].bit);
            const bool known = bit < forest.dim;
            const bool one = known && (query[bit / 64] >> (bit % 64) & 1) != 0;
            scratch.margins[w] = !known ? 0.0f : one ? 1.0f : -1.0f;
        }
    }
    // Every bit that differs costs one.
    static float near_priority(float parent, float) noexcept { return parent; }
    static float far_priority(float parent, float margin) noexcept { return parent - std::fabs(margin); }
};

template <class Walk>
class Gatherer {
public:
    Gatherer(const Walk& walk, const Leaves& leaves, std::span<const std::uint64_t> allowed, GatherScratch& scratch,
             std::vector<ItemId>& found)
        : walk_(walk),
          leaves_(leaves),
          allowed_(allowed),
          scratch_(scratch),
          found_(found),
          steps_left_(walk.n_splits()),
          items_left_(leaves.items.size()) {
        scratch_.seen.resize((leaves.count + 63) / 64, 0);
        scratch_.splits.clear();
        scratch_.leaves.clear();
        found_.clear();
    }
    ~Gatherer() {
        for (const ItemId id : found_) scratch_.seen[id / 64] = 0;
    }
    Gatherer(const Gatherer&) = delete;
    Gatherer& operator=(const Gatherer&) = delete;

    void run(std::size_t wanted) {
        scratch_.walkers.clear();
        for (const NodeRef& root : leaves_.roots) enter({Walk::root_priority, base::read_once(root)});
        descend();
        while (found_.size() < wanted) {
            const auto& splits = scratch_.splits;
            const auto& leaves = scratch_.leaves;
            if (!leaves.empty() && (splits.empty() || !(leaves.front().priority < splits.front().priority))) {
                take(pop(scratch_.leaves).ref);
            } else if (!splits.empty()) {
                while (!scratch_.splits.empty() && scratch_.walkers.size() < walkers_at_once) {
                    scratch_.walkers.push_back(pop(scratch_.splits));
                }
                descend();
            } else {
                return;  // every leaf was taken
            }
        }
    }

private:
    // Walkers go down the nearer side to a leaf, and leave the other side of every split in the queue.
    void descend() {
        const std::size_t splits_ordered = scratch_.splits.size();
        const std::size_t leaves_ordered = scratch_.leaves.size();
        auto& walkers = scratch_.walkers;
        while (!walkers.empty() && steps_left_ >= walkers.size()) {
            steps_left_ -= walkers.size();
            scratch_.refs.clear();
            for (const Entry& walker : walkers) scratch_.refs.push_back(walker.ref);
            scratch_.margins.resize(walkers.size());
            walk_.margins(scratch_.refs, scratch_);
            scratch_.current.swap(walkers);
            walkers.clear();
            for (std::size_t w = 0; w < scratch_.current.size(); ++w) step(scratch_.current[w], scratch_.margins[w]);
        }
        walkers.clear();  // of a file whose nodes go round in circles
        restore(scratch_.splits, splits_ordered);
        restore(scratch_.leaves, leaves_ordered);
        for (const NodeRef ref : scratch_.reached) {
            const auto items = leaves_.leaf(ref);
            for (std::size_t i = 0; i < std::min<std::size_t>(items.size(), 256); i += 16)
                kernels::prefetch(items.data() + i);
        }
        scratch_.reached.clear();
    }

    void step(Entry at, float margin) {
        if (std::isnan(margin)) margin = 0;  // a damaged file
        const auto& split = walk_.split(at.ref);
        const bool above = margin > 0;
        enter({Walk::near_priority(at.priority, margin), base::read_once(above ? split.above : split.below)});
        wait({Walk::far_priority(at.priority, margin), base::read_once(above ? split.below : split.above)});
    }

    // Go on down from here.
    void enter(Entry entry) {
        if (is_leaf(entry.ref)) {
            wait(entry);
        } else if (entry.ref < walk_.n_splits()) {
            walk_.prefetch(entry.ref);
            scratch_.walkers.push_back(entry);
        }
    }

    void wait(Entry entry) {
        if (is_leaf(entry.ref)) {
            const std::size_t leaf = entry.ref & ~leaf_bit;
            if (leaf + 1 >= leaves_.starts.size()) return;
            kernels::prefetch(&leaves_.starts[leaf]);
            scratch_.reached.push_back(entry.ref);
            scratch_.leaves.push_back(entry);
        } else if (entry.ref < walk_.n_splits()) {
            scratch_.splits.push_back(entry);
        }
    }

    void take(NodeRef ref) {
        const auto items = leaves_.leaf(ref);
        if (items.size() > items_left_) return;  // of a file whose leaves overlap
        items_left_ -= items.size();
        for (const ItemId& each : items) {
            const ItemId id = base::read_once(each);
            if (id >= leaves_.count) continue;
            std::uint64_t& word = scratch_.seen[id / 64];
            const std::uint64_t bit = std::uint64_t{1} << (id % 64);
            if ((word & bit) != 0 || (!allowed_.empty() && (allowed_[id / 64] & bit) == 0)) continue;
            word |= bit;
            found_.push_back(id);
        }
    }

    const Walk& walk_;
    const Leaves& leaves_;
    const std::span<const std::uint64_t> allowed_;
    GatherScratch& scratch_;
    std::vector<ItemId>& found_;
    std::size_t steps_left_;
    std::size_t items_left_;
};

}  // namespace

void gather(const kernels::Kernels& kernels, const PlaneForest& forest, const PlaneQuery& query, std::size_t wanted,
            std::span<const std::uint64_t> allowed, GatherScratch& scratch, std::vector<ItemId>& found) {
    const PlaneWalk walk{kernels, forest, query};
    Gatherer(walk, forest.leaves, allowed, scratch, found).run(wanted);
}

void gather(const BitForest& forest, std::span<const std::uint64_t> query, std::size_t wanted,
            std::span<const std::uint64_t> allowed, GatherScratch& scratch, std::vector<ItemId>& found) {
    const BitWalk walk{forest, query};
    Gatherer(walk, forest.leaves, allowed, scratch, found).run(wanted);
}

}  // namespace nearfile::forest
