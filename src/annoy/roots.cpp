#include "annoy/roots.hpp"

#include <algorithm>
#include <cstring>

namespace nearfile::annoy {
namespace {

int compare(const Nodes& nodes, NodeId a, NodeId b) noexcept {
    return std::memcmp(nodes.node_bytes(a).data(), nodes.node_bytes(b).data(), nodes.layout().node_bytes);
}

}  // namespace

Roots find_roots(const Nodes& nodes) {
    Roots roots{{}, 0};
    const auto last = static_cast<NodeId>(nodes.count() - 1);
    const std::int32_t descendants = nodes.descendants(last);
    for (NodeId node = last; node >= 0 && nodes.descendants(node) == descendants; --node)
        roots.trailing.push_back(node);
    roots.searched = roots.trailing.size();
    if (roots.searched > 1 && nodes.child(roots.trailing.front(), 0) == nodes.child(roots.trailing.back(), 0)) {
        --roots.searched;
    }
    return roots;
}

std::vector<std::span<const NodeId>> group_roots(const Nodes& nodes, std::span<NodeId> roots) {
    std::sort(roots.begin(), roots.end(), [&](NodeId a, NodeId b) {
        const int order = compare(nodes, a, b);
        return order != 0 ? order < 0 : a < b;
    });
    std::vector<std::span<const NodeId>> groups;
    for (std::size_t start = 0; start < roots.size();) {
        std::size_t end = start + 1;
        while (end < roots.size() && compare(nodes, roots[start], roots[end]) == 0) ++end;
        groups.push_back(roots.subspan(start, end - start));
        start = end;
    }
    return groups;
}

}  // namespace nearfile::annoy
