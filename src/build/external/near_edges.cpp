#include "build/external/near_edges.hpp"

#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "base/large_buffers.hpp"
#include "build/external/surroundings.hpp"
#include "build/refining.hpp"
#include "build/stages.hpp"
#include "file/advice.hpp"

namespace nearfile::build::external {
namespace {

constexpr char all[] = "edges";

std::string name_of(const char* stage, std::size_t part) {
    return std::string(stage) + "-" + std::to_string(part);
}

// What is told while a part is worked on: how many of all items are done. `within`: whether what is told of the work is
// how much of the part is done.
StageWatch watch_of_part(std::string_view stage, const ItemRange& part, std::uint32_t count, bool within,
                         const StageWatch& watch) {
    if (!watch) return {};
    return [=, &watch](std::string_view, std::uint64_t done, std::uint64_t total) {
        const std::uint64_t some = within && total > 0 ? (part.end - part.begin) * done / total : 0;
        return watch(stage, part.begin + some, count);
    };
}

void tell_end(std::string_view stage, std::uint32_t count, const StageWatch& watch) {
    if (watch && !watch(stage, count, count)) raise_stopped(stage);
}

// Rows of `from` that are by places of members, to where these are items.
void copy(const graph::Adjacency& from, const ItemRange& some, std::span<const graph::ItemId> members,
          graph::Adjacency& to) {
    std::vector<graph::ItemId> neighbors;
    for (std::uint32_t place = some.begin; place < some.end; ++place) {
        neighbors.clear();
        for (const graph::ItemId each : from.neighbors(place)) neighbors.push_back(members[each]);
        to.set(members[place], neighbors);
    }
}

// Candidates of a part's items among these and its guests, pruned, in memory.
template <class SplitType>
void prune_part(const WithMembers<SplitType>& with_members, const Division& division, const Part& part,
                const EdgePlan& plan, const StageWatch& watch, graph::Adjacency& to) {
    const std::uint32_t own = part.end - part.begin;
    if (own == 0) return;
    std::vector<graph::ItemId> members(own);
    std::iota(members.begin(), members.end(), part.begin);
    members.insert(members.end(), division.guests.begin() + part.first_guest,
                   division.guests.begin() + part.last_guest);
    with_members(members, [&](const graph::Distances& distances, const GrowOne<SplitType>& grow_one) {
        const graph::Adjacency pruned = first_edges(distances, own, grow_one, plan, watch).graph;
        copy(pruned, {0, own}, members, to);
    });
}

// Walks from a part's items, a stretch after another.
template <class SplitType>
void refine_part(const ItemsOnDisk& items, const WithMembers<SplitType>& with_members, const Part& part,
                 const Refining& refining, const EdgePlan& plan, const StageWatch& watch, Surroundings& surroundings,
                 graph::Adjacency& to) {
    const std::uint32_t count = to.count();
    for (std::uint32_t begin = part.begin; begin < part.end;) {
        const std::uint32_t end = surroundings.take(begin, part.end);
        const StageWatch told = watch_of_part("refining", {begin, end}, count, false, watch);
        const auto members = surroundings.members();
        file::will_need(items.codes, items.code_stride(), members);
        with_members(members, [&](const graph::Distances& distances, const GrowOne<SplitType>&) {
            const graph::Adjacency inside = surroundings.graph(plan.threads, told);
            const std::uint32_t first = surroundings.first_own();
            const ItemRange own{first, first + end - begin};
            graph::Adjacency refined(distances.count(), plan.degree);
            refine(distances, inside, refining, own, {}, plan, told, refined);
            copy(refined, own, members, to);
        });
        begin = end;
    }
}

template <class SplitType>
graph::Adjacency pruned(const graph::Distances& distances, const WithMembers<SplitType>& with_members,
                        const Division& division, const Kept& kept, const EdgePlan& plan, const StageWatch& watch) {
    graph::Adjacency graph(distances.count(), plan.degree);
    for (std::size_t number = 0; number < division.parts.size(); ++number) {
        const Part& part = division.parts[number];
        const StageWatch told = watch_of_part("candidates", {part.begin, part.end}, graph.count(), false, watch);
        kept.rows(name_of("pruned", number), graph, part.begin, part.end,
                  [&] { prune_part(with_members, division, part, plan, told, graph); });
    }
    tell_end("candidates", graph.count(), watch);
    return graph;
}

// Each part's own codes are read from the disk in one go; those of its neighbours come one by one.
void with_reverse(const ItemsOnDisk& items, const graph::Adjacency& from, const Division& division,
                  const EdgePlan& plan, const StageWatch& watch, graph::Adjacency& joined) {
    const graph::Reversed reversed(from, plan.threads);
    for (const Part& part : division.parts) {
        file::will_need(items.codes_of(part));
        const ItemRange some{part.begin, part.end};
        join(items.distances, from, reversed, some, plan, watch_of_part("joining", some, from.count(), true, watch),
             joined);
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
            const base::LargeBuffersFrom read_at_random(&session.read_at_random());
            graph::Adjacency joined(count, plan.degree);
            kept.rows("joined", joined, 0, count, [&] {
                with_reverse(items, pruned(items.distances, with_members, division, kept, plan, watch), division, plan,
                             watch, joined);
            });
            drop("pruned", division, kept);
            const Refining refining =
                select_refining(items.distances, joined, plan.seen, plan.profile, plan.threads, watch);
            Surroundings surroundings(joined, session.most_surrounded(plan.degree, items.code_stride()));
            for (std::size_t number = 0; number < division.parts.size(); ++number) {
                const Part& part = division.parts[number];
                kept.rows(name_of("refined", number), refined, part.begin, part.end, [&] {
                    file::will_need(joined.rows(part.begin, part.end));
                    refine_part(items, with_members, part, refining, plan, watch, surroundings, refined);
                });
            }
            tell_end("refining", count, watch);
        }
        const base::LargeBuffersFrom read_at_random(&session.read_at_random());
        with_reverse(items, refined, division, plan, watch, near);
    });
    kept.drop("joined");
    drop("refined", division, kept);
    return near;
}

template graph::Adjacency near_edges(const ItemsOnDisk&, const WithMembers<forest::Split>&, const Division&,
                                     const Session&, const EdgePlan&, const StageWatch&);
template graph::Adjacency near_edges(const ItemsOnDisk&, const WithMembers<forest::BitSplit>&, const Division&,
                                     const Session&, const EdgePlan&, const StageWatch&);

}  // namespace nearfile::build::external
