// near_edges() of build/edges.hpp within a given memory. Candidates and pruning part by part; reverse edges item by
// item over graphs that lie on disk, as an item's neighbours are near it there too; walks a stretch of items after
// another, each with its surroundings in memory.
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

    std::size_t code_stride() const noexcept { return codes.size() / distances.count(); }
    std::span<const std::byte> codes_of(const Part& part) const noexcept {
        return codes.subspan(part.begin * code_stride(), (part.end - part.begin) * code_stride());
    }
};

// `items` and `with_members` go by numbers of items. What parts have made is kept, and found again.
template <class SplitType>
graph::Adjacency near_edges(const ItemsOnDisk& items, const WithMembers<SplitType>& with_members,
                            const Division& division, const Session& session, const EdgePlan& plan,
                            const StageWatch& watch);

}  // namespace nearfile::build::external
