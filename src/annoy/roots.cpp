#include "annoy/roots.hpp"

#include <algorithm>
#include <compare>
#include <cstdint>
#include <cstring>

#include "base/once.hpp"
#include "base/random.hpp"

namespace nearfile::annoy {
namespace {

// What roots are sorted by: a copy, since a comparison of bytes that somebody writes into meanwhile is no order, and
// sorting by none may leave the vector.
struct Key {
    std::uint64_t hash;
    NodeId node;
    auto operator<=>(const Key&) const = default;
};

// Equal for equal nodes, and for others only where a file is made for it, which then has more groups than roots.
std::uint64_t hash_of(std::span<const std::byte> bytes) noexcept {
    std::uint64_t hash = bytes.size();
    for (; bytes.size() >= sizeof hash; bytes = bytes.subspan(sizeof hash)) {
        hash = base::derive_seed(hash, base::read_once<std::uint64_t>(bytes.data()));
    }
    for (const std::byte& byte : bytes) hash = base::derive_seed(hash, std::to_integer<std::uint64_t>(byte));
    return hash;
}

bool are_equal(const Nodes& nodes, NodeId a, NodeId b) noexcept {
    return std::memcmp(nodes.node_bytes(a).data(), nodes.node_bytes(b).data(), nodes.layout().node_bytes) == 0;
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
    std::vector<Key> keys;
    keys.reserve(roots.size());
    for (const NodeId root : roots) keys.push_back({hash_of(nodes.node_bytes(root)), root});
    std::sort(keys.begin(), keys.end());
    std::transform(keys.begin(), keys.end(), roots.begin(), [](const Key& key) { return key.node; });
    std::vector<std::span<const NodeId>> groups;
    for (std::size_t start = 0; start < roots.size();) {
        std::size_t end = start + 1;
        while (end < roots.size() && are_equal(nodes, roots[start], roots[end])) ++end;
        groups.push_back(roots.subspan(start, end - start));
        start = end;
    }
    return groups;
}

}  // namespace nearfile::annoy
