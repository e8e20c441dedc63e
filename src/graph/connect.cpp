#include "graph/connect.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/parallel.hpp"

namespace nearfile::graph {
namespace {

// Of the many that point at a hub only the nearest are worth pruning among.
constexpr std::size_t most_joined = 4;

// By a refiner: the neighbours of all of them are measured in one go.
constexpr std::size_t expanded_at_once = 8;

// Each has a number of its own for every item.
constexpr std::size_t most_parts = 8;

}  // namespace

// Each thread takes a stretch of sources, and of every item's room what these need: ascending, however many threads.
Reversed::Reversed(const Adjacency& graph, unsigned threads) : starts_(static_cast<std::size_t>(graph.count()) + 1) {
    const std::size_t count = graph.count();
    const std::size_t parts = std::min<std::size_t>(base::resolve_threads(threads), most_parts);
    base::AlignedBuffer room = base::allocate(parts * count * sizeof(std::uint32_t));
    const auto in_parts = [&](const auto& take) {
        base::parallel_for(parts, threads, [&](std::size_t part) {
            const auto places = room.as<std::uint32_t>().subspan(part * count, count);
            const auto end = static_cast<ItemId>((part + 1) * count / parts);
            for (auto item = static_cast<ItemId>(part * count / parts); item < end; ++item) {
                for (const ItemId neighbor : graph.neighbors(item)) take(item, neighbor, places[neighbor]);
            }
        });
    };
    in_parts([](ItemId, ItemId, std::uint32_t& place) { ++place; });
    const auto places = room.as<std::uint32_t>();
    for (std::size_t item = 0; item < count; ++item) {
        std::uint32_t before = 0;
        for (std::size_t part = 0; part < parts; ++part) before += std::exchange(places[part * count + item], before);
        starts_[item + 1] = starts_[item] + before;
    }
    sources_ = base::allocate(starts_[count] * sizeof(ItemId));
    const auto sources = sources_.as<ItemId>();
    in_parts([&](ItemId item, ItemId neighbor, std::uint32_t& place) { sources[starts_[neighbor] + place++] = item; });
}

void Chooser::choose(ItemId item, std::span<const ItemId> some, Adjacency& to) {
    if (some.size() <= to.degree()) {
        to.set(item, some);
        return;
    }
    distances_to_.resize(some.size());
    distances_.from(item, some, distances_to_.data());
    candidates_.clear();
    for (std::size_t i = 0; i < some.size(); ++i) candidates_.push_back(candidate(distances_to_[i], some[i]));
    const std::size_t most = most_joined * to.degree();
    if (candidates_.size() > most) {
        std::nth_element(candidates_.begin(), candidates_.begin() + static_cast<std::ptrdiff_t>(most),
                         candidates_.end());
        candidates_.resize(most);
    }
    std::sort(candidates_.begin(), candidates_.end());
    to.set(item, pruner_.keep(candidates_, to.degree()));
}

void ReverseJoiner::join(ItemId item, Adjacency& to) {
    const auto own = from_.neighbors(item);
    const auto sources = reversed_.sources(item);
    own_.assign(own.begin(), own.end());
    std::sort(own_.begin(), own_.end());
    ids_.clear();
    std::set_union(own_.begin(), own_.end(), sources.begin(), sources.end(), std::back_inserter(ids_));
    chooser_.choose(item, ids_, to);
}

std::vector<ItemId> nearest(const Distances& distances, ItemId item, std::span<const ItemId> some, std::size_t most) {
    std::vector<float> to_neighbors(some.size());
    distances.from(item, some, to_neighbors.data());
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < some.size(); ++i) candidates.push_back(candidate(to_neighbors[i], some[i]));
    std::sort(candidates.begin(), candidates.end());
    candidates.resize(std::min(candidates.size(), most));
    std::vector<ItemId> ids;
    for (const Candidate each : candidates) ids.push_back(item_of(each));
    return ids;
}

void Refiner::visit(std::span<const ItemId> some) {
    const std::size_t before = fresh_.size();
    fresh_.resize(before + some.size());
    std::size_t n_fresh = before;
    for (const ItemId each : some) {
        fresh_[n_fresh] = each;
        n_fresh += stamps_.visit(each) ? 1 : 0;
    }
    fresh_.resize(n_fresh);
}

// Those that are fresh and below the threshold become near_, ascending, at most as many as can stay in view.
void Refiner::select_near(ItemId item, Candidate threshold) {
    distances_to_.resize(fresh_.size());
    near_.resize(fresh_.size());
    distances_.from(item, fresh_, distances_to_.data());
    std::size_t n_near = 0;
    for (std::size_t i = 0; i < fresh_.size(); ++i) {
        const Candidate each = candidate(distances_to_[i], fresh_[i]);
        near_[n_near] = each;
        n_near += each < threshold ? 1 : 0;
    }
    near_.resize(n_near);
    if (n_near > width_) {
        std::nth_element(near_.begin(), near_.begin() + width_, near_.end());
        near_.resize(width_);
    }
    std::sort(near_.begin(), near_.end());
}

// Visits the neighbours of the nearest in view that are not expanded yet. Returns how many these were.
std::size_t Refiner::expand(std::size_t most) {
    std::array<ItemId, expanded_at_once> next;
    std::size_t n_next = 0;
    for (std::size_t i = 0; i < view_.size() && n_next < most; ++i) {
        const ItemId each = item_of(view_[i]);
        if (stamps_.expanded(each)) continue;
        stamps_.set_expanded(each);
        from_.prefetch(each);
        next[n_next++] = each;
    }
    fresh_.clear();
    for (std::size_t i = 0; i < n_next; ++i) visit(from_.neighbors(next[i]));
    return n_next;
}

std::span<const Candidate> Refiner::walk(ItemId item, std::uint32_t steps) {
    stamps_.start();
    stamps_.visit(item);
    fresh_.clear();
    visit(from_.neighbors(item));
    select_near(item, no_candidate);
    own_.assign(near_.begin(), near_.end());
    view_.assign(near_.begin(), near_.end());
    for (std::uint32_t step = 0; step < steps;) {
        const std::size_t n_expanded = expand(std::min<std::size_t>(expanded_at_once, steps - step));
        if (n_expanded == 0) break;
        step += static_cast<std::uint32_t>(n_expanded);
        select_near(item, view_.size() < width_ ? no_candidate : view_.back());
        merged_.resize(view_.size() + near_.size());
        std::merge(view_.begin(), view_.end(), near_.begin(), near_.end(), merged_.begin());
        merged_.resize(std::min<std::size_t>(merged_.size(), width_));
        std::swap(view_, merged_);
    }
    return view_;
}

void Refiner::refine(ItemId item, std::uint32_t steps, Adjacency& to) {
    walk(item, steps);
    merged_.clear();
    std::set_union(view_.begin(), view_.end(), own_.begin(), own_.end(), std::back_inserter(merged_));
    to.set(item, pruner_.keep(merged_, to.degree()));
}

}  // namespace nearfile::graph
