#include "graph/connectivity.hpp"

#include <cstddef>
#include <vector>

namespace nearfile::graph {
namespace {

class Flood {
public:
    explicit Flood(const Adjacency& graph) : graph_(graph), reached_(graph.count()), waiting_(graph.count()) {}

    bool reached(ItemId item) const { return reached_[item]; }

    // Back and forth through the items, because neighbours in their order are mostly neighbours in the graph: a graph
    // that is on the disk is read from its beginning to its end a few times.
    void from_first() {
        const ItemId count = graph_.count();
        reach(0);
        while (n_waiting_ > 0) {
            for (ItemId item = 0; item < count; ++item) expand(item);
            for (ItemId item = count; n_waiting_ > 0 && item > 0; --item) expand(item - 1);
        }
    }

    // Of what that has not reached: little.
    void from(ItemId item) {
        reached_[item] = true;
        stack_.assign(1, item);
        while (!stack_.empty()) {
            const ItemId at = stack_.back();
            stack_.pop_back();
            for (const ItemId neighbor : graph_.neighbors(at)) {
                if (reached_[neighbor]) continue;
                reached_[neighbor] = true;
                graph_.prefetch(neighbor);
                stack_.push_back(neighbor);
            }
        }
    }

private:
    void reach(ItemId item) {
        reached_[item] = true;
        waiting_[item] = true;
        ++n_waiting_;
    }

    void expand(ItemId item) {
        if (!waiting_[item]) return;
        waiting_[item] = false;
        --n_waiting_;
        for (const ItemId neighbor : graph_.neighbors(item)) {
            if (!reached_[neighbor]) reach(neighbor);
        }
    }

    const Adjacency& graph_;
    std::vector<bool> reached_;
    std::vector<bool> waiting_;  // reached, and not gone on from
    std::size_t n_waiting_ = 0;
    std::vector<ItemId> stack_;
};

// From a neighbour of the item that is reached and has a free place; else from the nearest item before it in the order
// of the tree, which is reached, in its last place.
void attach(Adjacency& graph, ItemId item, const Flood& flood) {
    for (const ItemId neighbor : graph.neighbors(item)) {
        if (!flood.reached(neighbor) || !graph.has_place(neighbor)) continue;
        graph.add(neighbor, item);
        return;
    }
    graph.add(item - 1, item);
}

}  // namespace

std::uint32_t ensure_reachable(Adjacency& graph) {
    // Replacing an edge may cut off another vertex, so look again; it mostly settles after one or two rounds. It always
    // does: an edge to the next item in order is never replaced, and the free places come to an end.
    std::uint32_t added = 0;
    for (;;) {
        Flood flood(graph);
        if (graph.count() > 0) flood.from_first();
        const std::uint32_t before = added;
        for (ItemId item = 1; item < graph.count(); ++item) {
            if (flood.reached(item)) continue;
            attach(graph, item, flood);
            ++added;
            flood.from(item);
        }
        if (added == before) return added;
    }
}

}  // namespace nearfile::graph
