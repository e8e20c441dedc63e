#include "annoy/gather.hpp"

#include <algorithm>
#include <limits>

#include "annoy/ordered_key.hpp"

namespace nearfile::annoy {
namespace {

using kernels::ItemId;

// validate() has shown that all nodes are in range and that this ends. What is checked here again, of what is read
// anyway, is for files that somebody writes into while they are mapped: their answers are wrong, but nothing outside
// the map is read and no search is endless. (Cutting a mapped file short is beyond help: SIGBUS.)
class Gatherer {
public:
    Gatherer(const Nodes& nodes, const Checked& checked, const Query& query, Scratch& scratch)
        : nodes_(nodes),
          n_items_(checked.n_items),
          steps_left_(checked.max_steps),
          query_(query),
          waiting_(scratch.waiting),
          seen_(scratch.seen),
          found_(scratch.found) {
        waiting_.clear();
        found_.clear();
        const float first = query.is_bits() ? 0 : std::numeric_limits<float>::infinity();
        for (const NodeId root : checked.roots) push(first, root, nodes.vector_lines());
    }

    void run(std::uint64_t wanted) {
        while (n_found_ < wanted && !waiting_.empty() && steps_left_-- > 0) {
            std::pop_heap(waiting_.begin(), waiting_.end());
            const std::uint64_t next = waiting_.back();
            waiting_.pop_back();
            open(value_of_key(next), static_cast<NodeId>(number_of_key(next)));
        }
        for (const ItemId item : found_) seen_[item / 64] = 0;
    }

private:
    void open(float priority, NodeId node) {
        const std::int32_t descendants = nodes_.descendants(node);
        if (descendants == 1 && node < n_items_) {
            find(node);
        } else if (descendants <= nodes_.layout().leaf_capacity) {
            for (std::int32_t i = 0; i < descendants; ++i) find(nodes_.leaf_item(node, i));
        } else {
            open_split(priority, node);
        }
    }

    void open_split(float priority, NodeId node) {
        const NodeId children[] = {nodes_.child(node, 0), nodes_.child(node, 1)};
        const float margin = query_.margin(node);
        for (const int side : {0, 1}) {
            const float theirs = child_priority(priority, margin, side);
            // The other side's turn comes late or never.
            push(theirs, children[side], theirs >= 0 ? nodes_.vector_lines() : 1);
        }
    }

    float child_priority(float parent, float margin, int side) const noexcept {
        // Every bit that differs costs one. Exact: no path is 2^24 splits long but in a file made to be so.
        if (query_.is_bits()) return margin == static_cast<float>(side) ? parent : parent - 1;
        const float towards = side == 1 ? margin : -margin;
        return towards < parent ? towards : parent;  // the parent's for NaN
    }

    // The highest priority comes first; of equals, the highest number.
    void push(float priority, NodeId node, std::size_t lines) {
        if (node < 0 || static_cast<std::size_t>(node) >= nodes_.count()) return;
        nodes_.prefetch(node, lines);
        waiting_.push_back(ordered_key(priority, static_cast<std::uint32_t>(node)));
        std::push_heap(waiting_.begin(), waiting_.end());
    }

    void find(NodeId item) {
        if (item < 0 || item >= n_items_) return;
        ++n_found_;
        const auto number = static_cast<ItemId>(item);
        std::uint64_t& word = seen_[number / 64];
        const std::uint64_t bit = std::uint64_t{1} << number % 64;
        if ((word & bit) != 0) return;
        found_.push_back(number);
        word |= bit;
    }

    const Nodes& nodes_;
    const NodeId n_items_;
    std::uint64_t steps_left_;
    const Query& query_;
    std::vector<std::uint64_t>& waiting_;
    std::vector<std::uint64_t>& seen_;
    std::vector<ItemId>& found_;
    std::uint64_t n_found_ = 0;
};

}  // namespace

void gather(const Nodes& nodes, const Checked& checked, const Query& query, std::uint64_t wanted, Scratch& scratch) {
    Gatherer(nodes, checked, query, scratch).run(wanted);
}

}  // namespace nearfile::annoy
