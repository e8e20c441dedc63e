#include "build/external/near_edges.hpp"

#include <numeric>
#include <string>
#include <vector>

#include "base/large_buffers.hpp"
#include "build/refining.hpp"
#include "build/stages.hpp"
#include "file/advice.hpp"

namespace nearfile::build::external {
namespace {

constexpr char all[] = "edges";

std::string name_of(const char* stage, std::size_t part) {
    return std::string(stage) + "-" + std::to_string(part);
}

// Edges of a part's items, from trees of these and of its guests.
template <class SplitType>
void prune_part(const WithMembers<SplitType>& with_members, const Division& division, const Part& part,
                const EdgePlan& plan, const StageWatch& watch, graph::Adjacency& to) {
    std::vector<graph::ItemId> members(part.end - part.begin);
    if (members.empty()) return;
    std::iota(members.begin(), members.end(), part.begin);
    members.insert(members.end(), division.guests.begin() + part.first_guest,
                   division.guests.begin() + part.last_guest);
    with_members(members, [&](const graph::Distances& distances, const GrowOne<SplitType>& grow_one) {
        const std::uint32_t count = part.end - part.begin;
        const graph::Adjacency own = first_edges(distances, count, grow_one, plan, watch).graph;
        std::vector<graph::ItemId> neighbors;
        for (std::uint32_t item = 0; item < count; ++item) {
            neighbors.clear();
            for (const graph::ItemId each : own.neighbors(item)) neighbors.push_back(members[each]);
            to.set(part.begin + item, neighbors);
        }
    });
}

template <class SplitType>
graph::Adjacency pruned(const graph::Distances& distances, const WithMembers<SplitType>& with_members,
                        const Division& division, const Kept& kept, const EdgePlan& plan, const StageWatch& watch) {
    graph::Adjacency graph(distances.count(), plan.degree);
    for (std::size_t number = 0; number < division.parts.size(); ++number) {
        const Part& part = division.parts[number];
        kept.rows(name_of("pruned", number), graph, part.begin, part.end,
                  [&] { prune_part(with_members, division, part, plan, watch, graph); });
    }
    return graph;
}

// Each part's own codes are read from the disk in one go; those of its neighbours come one by one.
void with_reverse(const ItemsOnDisk& items, const graph::Adjacency& from, const Division& division,
                  const EdgePlan& plan, const StageWatch& watch, graph::Adjacency& joined) {
    const graph::Reversed reversed(from, plan.threads);
    for (const Part& part : division.parts) {
        file::expect_soon(items.codes_of(part));
        join(items.distances, from, reversed, {part.begin, part.end}, plan, watch, joined);
    }
}

void drop(const char* stage, const Division& division, const Kept& kept) {
    for (std::size_t number = 0; number < division.parts.size(); ++number) kept.drop(name_of(stage, number));
}

}  // namespace

template <class SplitType>
graph::Adjacency near_edges(const ItemsOnDisk& items, const WithMembers<SplitType>& with_members,
                            const Division& division, const Session& session, const EdgePlan& plan,
                            const StageWatch& watch) {
    const Kept& kept = session.kept();
    const std::uint32_t count = items.distances.count();
    graph::Adjacency near(count, plan.degree);
    kept.rows(all, near, 0, count, [&] {
        graph::Adjacency refined(count, plan.degree);
        {
            // What walks read lies anywhere near.
            const base::LargeBuffersFrom read_at_random(&session.read_at_random());
            graph::Adjacency joined(count, plan.degree);
            with_reverse(items, pruned(items.distances, with_members, division, kept, plan, watch), division, plan,
                         watch, joined);
            const Refining refining =
                select_refining(items.distances, joined, plan.seen, plan.profile, plan.threads, watch);
            for (std::size_t number = 0; number < division.parts.size(); ++number) {
                const Part& part = division.parts[number];
                kept.rows(name_of("refined", number), refined, part.begin, part.end, [&] {
                    file::expect_soon(items.codes_of(part));
                    file::expect_soon(joined.rows(part.begin, part.end));
                    refine(items.distances, joined, refining, {part.begin, part.end}, {}, plan, watch, refined);
                });
            }
        }
        const base::LargeBuffersFrom read_at_random(&session.read_at_random());
        with_reverse(items, refined, division, plan, watch, near);
    });
    drop("pruned", division, kept);
    drop("refined", division, kept);
    return near;
}

template graph::Adjacency near_edges(const ItemsOnDisk&, const WithMembers<forest::Split>&, const Division&,
                                     const Session&, const EdgePlan&, const StageWatch&);
template graph::Adjacency near_edges(const ItemsOnDisk&, const WithMembers<forest::BitSplit>&, const Division&,
                                     const Session&, const EdgePlan&, const StageWatch&);

}  // namespace nearfile::build::external
