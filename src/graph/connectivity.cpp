#include "graph/connectivity.hpp"

#include <vector>

namespace nearfile::graph {
namespace {

class Flood {
public:
    explicit Flood(const Adjacency& graph) : graph_(graph), reached_(graph.count()) {}

    bool reached(ItemId item) const { return reached_[item]; }

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
    const Adjacency& graph_;
    std::vector<bool> reached_;
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
        if (graph.count() > 0) flood.from(0);
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
