#include "build/external/surroundings.hpp"

#include <algorithm>
#include <cstddef>

namespace nearfile::build::external {
namespace {

// A shorter stretch would spend more on its surroundings than on itself: only where there is no other way.
constexpr std::uint32_t usually_shortest = 1024;
constexpr std::uint32_t own_share = 4;  // of the members, at most

}  // namespace

Surroundings::Surroundings(const graph::Adjacency& graph, std::uint32_t most_members)
    : graph_(graph),
      // An item and all that it points at have room in any case.
      most_members_(std::max(most_members, graph.degree() + 1)),
      shortest_(std::min(most_members_ / (graph.degree() + 1), usually_shortest)),
      length_(std::max(shortest_, most_members_ / own_share)),
      place_of_item_(graph.count()) {}

std::uint32_t Surroundings::take(std::uint32_t begin, std::uint32_t end) {
    begin_ = begin;
    length_ = std::max(std::min(2 * length_, most_members_ / own_share), shortest_);
    std::uint32_t last = begin + std::min(end - begin, length_);
    while (!take_neighbors(begin, last)) {
        length_ = std::max(length_ / 2, shortest_);
        last = begin + std::min(end - begin, length_);
    }
    fill_up(last - begin);
    std::sort(members_.begin(), members_.end());
    for (std::uint32_t place = 0; place < members_.size(); ++place) place_of_item_[members_[place]] = place + 1;
    return last;
}

// Whether there is room for them all.
bool Surroundings::take_neighbors(std::uint32_t begin, std::uint32_t end) {
    clear();
    const auto visit = [&](graph::ItemId item) {
        if (place_of_item_[item] != 0) return;
        place_of_item_[item] = 1;
        members_.push_back(item);
    };
    for (graph::ItemId item = begin; item < end; ++item) visit(item);
    for (graph::ItemId item = begin; item < end && members_.size() <= most_members_; ++item) {
        for (const graph::ItemId neighbor : graph_.neighbors(item)) visit(neighbor);
    }
    return members_.size() <= most_members_;
}

// With what the members from `first` on point at.
void Surroundings::fill_up(std::size_t first) {
    constexpr std::uint32_t member = 0xffffffffu;
    // In their order, because that is how they lie on the disk.
    std::sort(members_.begin() + static_cast<std::ptrdiff_t>(first), members_.end());
    for (const graph::ItemId each : members_) place_of_item_[each] = member;
    pointed_at_.clear();
    for (std::size_t i = first; i < members_.size(); ++i) {
        for (const graph::ItemId neighbor : graph_.neighbors(members_[i])) {
            std::uint32_t& times = place_of_item_[neighbor];
            if (times == member) continue;
            if (times++ == 0) pointed_at_.push_back(neighbor);
        }
    }
    const std::size_t room = std::min<std::size_t>(most_members_ - members_.size(), pointed_at_.size());
    std::ranges::nth_element(pointed_at_, pointed_at_.begin() + static_cast<std::ptrdiff_t>(room),
                             [&](graph::ItemId a, graph::ItemId b) {
                                 const std::uint32_t times_a = place_of_item_[a];
                                 const std::uint32_t times_b = place_of_item_[b];
                                 return times_a > times_b || (times_a == times_b && a < b);
                             });
    for (std::size_t i = room; i < pointed_at_.size(); ++i) place_of_item_[pointed_at_[i]] = 0;
    members_.insert(members_.end(), pointed_at_.begin(), pointed_at_.begin() + static_cast<std::ptrdiff_t>(room));
}

void Surroundings::clear() {
    for (const graph::ItemId each : members_) place_of_item_[each] = 0;
    members_.clear();
}

graph::Adjacency Surroundings::graph(unsigned threads, const StageWatch& watch) const {
    graph::Adjacency inside(static_cast<std::uint32_t>(members_.size()), graph_.degree());
    run_blocks(
        "stretches", inside.count(), threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            std::vector<graph::ItemId> neighbors;
            for (std::uint32_t place = begin; place < end; ++place) {
                neighbors.clear();
                for (const graph::ItemId each : graph_.neighbors(members_[place])) {
                    if (place_of_item_[each] != 0) neighbors.push_back(place_of_item_[each] - 1);
                }
                inside.set(place, neighbors);
            }
        },
        watch, items_a_task);
    return inside;
}

}  // namespace nearfile::build::external
