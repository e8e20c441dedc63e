#include "annoy/search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nearfile::annoy {
namespace {

using kernels::ItemId;

// A node that waits for its turn.
struct Waiting {
    float priority;
    NodeId node;
};

// The highest priority comes first; of equals, the highest number. Priorities are numbers, never NaN.
struct Later {
    bool operator()(const Waiting& a, const Waiting& b) const noexcept {
        return a.priority < b.priority || (a.priority == b.priority && a.node < b.node);
    }
};

// Collects candidates. validate() has shown that all nodes are in range and that this ends. What is checked here again,
// of what is read anyway, is for files that somebody writes into while they are mapped: their answers are wrong, but
// nothing outside the map is read and no search is endless. (Cutting a mapped file short is beyond help: SIGBUS.)
class Gatherer {
public:
    Gatherer(const Nodes& nodes, const Checked& checked, const Query& query)
        : nodes_(nodes), n_items_(checked.n_items), steps_left_(checked.max_steps), query_(query) {
        const float first = query.is_bits() ? 0 : std::numeric_limits<float>::infinity();
        for (const NodeId root : checked.roots) push({first, root});
    }

    std::vector<ItemId> run(std::uint64_t wanted) {
        while (found_.size() < wanted && !waiting_.empty() && steps_left_-- > 0) {
            std::pop_heap(waiting_.begin(), waiting_.end(), Later{});
            const Waiting next = waiting_.back();
            waiting_.pop_back();
            open(next);
        }
        return std::move(found_);
    }

private:
    void open(Waiting at) {
        const std::int32_t descendants = nodes_.descendants(at.node);
        if (descendants == 1 && at.node < n_items_) {
            found_.push_back(static_cast<ItemId>(at.node));
        } else if (descendants <= nodes_.layout().leaf_capacity) {
            for (std::int32_t i = 0; i < descendants; ++i) {
                const NodeId item = nodes_.leaf_item(at.node, i);
                if (item >= 0 && item < n_items_) found_.push_back(static_cast<ItemId>(item));
            }
        } else {
            const float margin = query_.margin(at.node);
            push({child_priority(at.priority, margin, 1), nodes_.child(at.node, 1)});
            push({child_priority(at.priority, margin, 0), nodes_.child(at.node, 0)});
        }
    }

    float child_priority(float parent, float margin, int side) const noexcept {
        // Every bit that differs costs one. Exact: no path is 2^24 splits long but in a file made to be so.
        if (query_.is_bits()) return margin == static_cast<float>(side) ? parent : parent - 1;
        const float towards = side == 1 ? margin : -margin;
        return towards < parent ? towards : parent;  // the parent's for NaN
    }

    void push(Waiting entry) {
        if (entry.node < 0 || static_cast<std::size_t>(entry.node) >= nodes_.count()) return;
        waiting_.push_back(entry);
        std::push_heap(waiting_.begin(), waiting_.end(), Later{});
    }

    const Nodes& nodes_;
    NodeId n_items_;
    std::uint64_t steps_left_;
    const Query& query_;
    std::vector<Waiting> waiting_;
    std::vector<ItemId> found_;
};

// Annoy's order of answers; NaN, of vectors with such values, last.
bool nearer(const AnnoyNeighbor& a, const AnnoyNeighbor& b) noexcept {
    const bool a_is_number = !std::isnan(a.distance);
    const bool b_is_number = !std::isnan(b.distance);
    if (a_is_number != b_is_number) return a_is_number;
    if (a_is_number && a.distance != b.distance) return a.distance < b.distance;
    return a.id < b.id;
}

}  // namespace

std::vector<AnnoyNeighbor> search(const Nodes& nodes, const Checked& checked, const Query& query, std::uint64_t n,
                                  std::uint64_t wanted) {
    std::vector<ItemId> items = Gatherer(nodes, checked, query).run(wanted);
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
    std::erase_if(items, [&](ItemId item) { return nodes.descendants(static_cast<NodeId>(item)) != 1; });

    std::vector<float> orders(items.size());
    query.order_by(items, orders);
    std::vector<AnnoyNeighbor> answer(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) answer[i] = {static_cast<std::int32_t>(items[i]), orders[i]};

    const std::size_t n_returned = static_cast<std::size_t>(std::min<std::uint64_t>(n, answer.size()));
    std::partial_sort(answer.begin(), answer.begin() + static_cast<std::ptrdiff_t>(n_returned), answer.end(), nearer);
    answer.resize(n_returned);
    for (AnnoyNeighbor& neighbor : answer) neighbor.distance = query.returned(neighbor.distance);
    return answer;
}

}  // namespace nearfile::annoy
