// near_edges() of build/edges.hpp within a given memory: candidates and pruning part by part in memory, everything
// else item by item over graphs that lie on disk, of which neighbours in the order of items need a small part at a time.
#pragma once

#include <cstddef>
#include <span>

#include "build/edges.hpp"
#include "build/external/parts.hpp"
#include "build/external/session.hpp"

namespace nearfile::build::external {

// What distances are computed of, a row an item.
struct ItemsOnDisk {
    const graph::Distances& distances;
    std::span<const std::byte> codes;

    std::span<const std::byte> codes_of(const Part& part) const noexcept {
        const std::size_t stride = codes.size() / distances.count();
        return codes.subspan(part.begin * stride, (part.end - part.begin) * stride);
    }
};

// `items` and `with_members` go by numbers of items. What parts have made is kept, and found again.
template <class SplitType>
graph::Adjacency near_edges(const ItemsOnDisk& items, const WithMembers<SplitType>& with_members,
                            const Division& division, const Session& session, const EdgePlan& plan,
                            const StageWatch& watch);

}  // namespace nearfile::build::external
