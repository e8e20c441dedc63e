// The roots of a file by their bytes, and files that somebody writes into while they are checked.
#include "annoy/roots.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "base/random.hpp"
#include "check.hpp"

using namespace nearfile;
using namespace nearfile::annoy;

namespace {

constexpr std::size_t n_nodes = 3000;

std::vector<NodeId> all_nodes() {
    std::vector<NodeId> nodes(n_nodes);
    std::iota(nodes.begin(), nodes.end(), 0);
    return nodes;
}

// Whether every node is in one group, once.
bool is_partition(const std::vector<std::span<const NodeId>>& groups) {
    std::vector<NodeId> members;
    for (const auto group : groups) members.insert(members.end(), group.begin(), group.end());
    std::sort(members.begin(), members.end());
    return members == all_nodes();
}

}  // namespace

TEST(annoy_roots_are_grouped_by_their_bytes) {
    const Layout layout = layout_of(AnnoyLayout::angular, 3);
    std::vector<std::uint64_t> memory(n_nodes * layout.node_bytes / sizeof(std::uint64_t) + 1);
    const std::span<std::byte> bytes = std::as_writable_bytes(std::span(memory)).first(n_nodes * layout.node_bytes);
    // Node i has the bytes of number i % 7, which differ in the last one alone.
    for (std::size_t i = 0; i < n_nodes; ++i) bytes[(i + 1) * layout.node_bytes - 1] = static_cast<std::byte>(i % 7);
    std::vector<NodeId> roots = all_nodes();
    const auto groups = group_roots(Nodes(bytes, layout), roots);
    CHECK(groups.size() == 7 && is_partition(groups));
    for (const auto group : groups) {
        CHECK(std::is_sorted(group.begin(), group.end()));
        for (const NodeId node : group) CHECK(node % 7 == group.front() % 7);
    }
    std::vector<NodeId> none;
    CHECK(group_roots(Nodes(bytes, layout), none).empty());
}

#if !defined(__SANITIZE_THREAD__)  // the race is what is tested
TEST(annoy_roots_that_change_while_they_are_grouped_stay_roots) {
    const Layout layout = layout_of(AnnoyLayout::angular, 3);
    std::vector<std::uint64_t> memory(n_nodes * layout.node_bytes / sizeof(std::uint64_t) + 1);
    const std::span<std::byte> bytes = std::as_writable_bytes(std::span(memory)).first(n_nodes * layout.node_bytes);
    std::atomic<bool> over{false};
    std::thread writer([&] {
        base::Random random(1);
        while (!over.load(std::memory_order_relaxed)) {
            const std::uint64_t number = random.next();
            std::memcpy(&memory[random.below(static_cast<std::uint32_t>(memory.size() - 1))], &number, sizeof number);
        }
    });
    for (int turn = 0; turn < 300; ++turn) {
        std::vector<NodeId> roots = all_nodes();
        CHECK(is_partition(group_roots(Nodes(bytes, layout), roots)));
    }
    over = true;
    writer.join();
}
#endif
