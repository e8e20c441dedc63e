#include "graph/co_occurrence_edges.hpp"

#include <algorithm>
#include <bit>

namespace nearfile::graph {
namespace {

// docs/algorithms/inner-products.md has the measurements behind these.
constexpr std::size_t lists_read = 64;      // of an item that is in more: the favourites are in thousands
constexpr std::size_t most_measured = 512;  // of those it shares lists with
constexpr std::size_t often_share = 6;      // one place in so many goes by how often lists are shared

bool contains(std::span<const ItemId> some, ItemId item) noexcept {
    return std::find(some.begin(), some.end(), item) != some.end();
}

}  // namespace

InvertedLists::InvertedLists(const QueryLists& lists, std::uint32_t count)
    : starts_(static_cast<std::size_t>(count) + 1) {
    for (std::uint32_t query = 0; query < lists.queries(); ++query) {
        for (const ItemId item : lists.list(query)) {
            if (item != no_item) ++starts_[item + 1];
        }
    }
    for (std::size_t i = 0; i < count; ++i) starts_[i + 1] += starts_[i];
    queries_.resize(starts_[count]);
    std::vector<std::uint64_t> next(starts_.begin(), starts_.end() - 1);
    for (std::uint32_t query = 0; query < lists.queries(); ++query) {
        for (const ItemId item : lists.list(query)) {
            if (item != no_item) queries_[next[item]++] = query;
        }
    }
}

QueryJoiner::QueryJoiner(const Distances& distances, const QueryLists& lists, const InvertedLists& inverted,
                         std::span<const float> alphas)
    : distances_(distances),
      lists_(lists),
      inverted_(inverted),
      pruner_(distances, alphas),
      table_(std::bit_ceil(2 * lists_read * std::size_t{lists.length()} + 2), {no_item, 0}) {}

void QueryJoiner::count_shared(ItemId item) {
    taken_.clear();
    const std::size_t mask = table_.size() - 1;
    const auto queries = inverted_.lists_of(item);
    // Spread over all of them, so that no part of the sample is favoured.
    const std::size_t n_read = std::min(queries.size(), lists_read);
    for (std::size_t i = 0; i < n_read; ++i) {
        for (const ItemId other : lists_.list(queries[i * queries.size() / n_read])) {
            if (other == no_item) break;
            if (other == item) continue;
            std::size_t at = (other * 0x9e3779b1u) >> 7 & mask;
            while (table_[at].item != other && table_[at].item != no_item) at = (at + 1) & mask;
            if (table_[at].item == no_item) {
                table_[at] = {other, 0};
                taken_.push_back(static_cast<std::uint32_t>(at));
            }
            ++table_[at].times;
        }
    }
    shared_.clear();
    for (const std::uint32_t at : taken_) {
        // More often is less in this order; the same number of times goes by the item's number.
        shared_.push_back(static_cast<Candidate>(~table_[at].times) << 32 | table_[at].item);
        table_[at] = {no_item, 0};
    }
    if (shared_.size() > most_measured) {
        std::nth_element(shared_.begin(), shared_.begin() + most_measured, shared_.end());
        shared_.resize(most_measured);
    }
    std::sort(shared_.begin(), shared_.end());
}

// Most places by pruning, which keeps far items within a few steps; some for those most often shared, near each other
// or not.
void QueryJoiner::take(ItemId item, std::size_t degree) {
    ids_.clear();
    for (const Candidate each : shared_) ids_.push_back(item_of(each));
    distances_to_.resize(ids_.size());
    distances_.from(item, ids_, distances_to_.data());
    candidates_.clear();
    for (std::size_t i = 0; i < ids_.size(); ++i) candidates_.push_back(candidate(distances_to_[i], ids_[i]));
    std::sort(candidates_.begin(), candidates_.end());
    const std::size_t often = degree / often_share;
    const auto kept = pruner_.keep(candidates_, degree - often);
    neighbors_.assign(kept.begin(), kept.end());
    for (std::size_t i = 0; i < std::min(often, ids_.size()); ++i) {
        if (!contains(neighbors_, ids_[i])) neighbors_.push_back(ids_[i]);
    }
}

void QueryJoiner::join(ItemId item, const Adjacency& from, Adjacency& to) {
    neighbors_.clear();
    count_shared(item);
    if (!shared_.empty()) take(item, to.degree());
    for (const ItemId each : from.neighbors(item)) {
        if (neighbors_.size() >= to.degree()) break;
        if (!contains(neighbors_, each)) neighbors_.push_back(each);
    }
    to.set(item, neighbors_);
}

void RoomFiller::fill(ItemId item, Adjacency& to) {
    const auto own = from_.neighbors(item);
    neighbors_.assign(own.begin(),
                      own.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(own.size(), to.degree())));
    for (const ItemId source : reversed_.sources(item)) {
        if (neighbors_.size() >= to.degree()) break;
        if (!contains(neighbors_, source)) neighbors_.push_back(source);
    }
    to.set(item, neighbors_);
}

}  // namespace nearfile::graph
