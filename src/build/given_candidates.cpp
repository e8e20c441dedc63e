#include "build/given_candidates.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/once.hpp"
#include "codes/bits.hpp"
#include "graph/connect.hpp"

namespace nearfile::build {
namespace {

constexpr std::uint32_t none = 0xffffffffu;
constexpr std::uint32_t items_a_task = 1024;

// As long a list as a graph is well built from. Who is given fewer is looked for in trees too.
constexpr std::size_t enough = 16;

// Where more than one in so many is, leaves are looked at whole.
constexpr std::uint64_t most_sought = 4;

// A vector that is farther from the old one than this share of its length is another: its old neighbours say nothing.
// What half precision and codes of 8 bits change is less.
constexpr double most_moved = 0.1;

// Whether two vectors are the same, as far as neighbours go. Where only directions count lengths do not.
bool is_moved(const kernels::Kernels& kernels, std::span<const float> now, std::span<const float> before,
              bool directions) {
    const auto dot = [&](std::span<const float> a, std::span<const float> b) {
        float product = 0;
        kernels.dot_f32(a.data(), b.data(), 0, nullptr, 1, a.size(), &product);
        return double{product};
    };
    constexpr double most = most_moved * most_moved;
    const double product = dot(now, before);
    const double now_squares = dot(now, now);
    const double before_squares = dot(before, before);
    if (!directions) return now_squares + before_squares - 2 * product > most * now_squares;
    const double lengths = std::sqrt(now_squares * before_squares);
    return lengths == 0 ? now_squares != before_squares : 2 - 2 * product / lengths > most;
}

std::optional<std::uint32_t> find(const Index::State& like, const opened::IdTable& ids, std::uint32_t row) {
    return ids.kind == IdKind::string ? like.ids.find(ids.string(row)) : like.ids.find(ids.number(row));
}

void offer(const graph::Distances& distances, graph::ItemId item, std::vector<graph::ItemId>& some,
           std::vector<float>& to, std::vector<graph::Candidate>& best, graph::CandidateLists& lists) {
    to.resize(some.size());
    distances.from(item, some, to.data());
    best.clear();
    bool duplicate = false;
    for (std::size_t i = 0; i < some.size(); ++i) {
        // As in leaves: one duplicate is enough where they must not take all places.
        if (distances.spreads_duplicates() && to[i] <= 0) {
            if (duplicate) continue;
            duplicate = true;
        }
        best.push_back(graph::candidate(to[i], some[i]));
    }
    std::sort(best.begin(), best.end());
    best.push_back(graph::no_candidate);
    lists.add(item, best);
}

}  // namespace

GivenCandidates::GivenCandidates(const kernels::Kernels& kernels, const Rows& rows, const opened::IdTable& ids,
                                 std::span<const std::int64_t> matrix, const Index::State* like, unsigned threads,
                                 const StageWatch& watch)
    : count_(rows.count()), matrix_(matrix), columns_(count_ == 0 ? 0 : matrix.size() / count_), like_(like) {
    if (like == nullptr) return;
    const bool directions = like->normalised();
    old_item_of_.assign(count_, none);
    row_of_old_.assign(like->description.count, none);
    run_blocks(
        "candidates", count_, threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            std::vector<float> before(rows.dim());
            std::vector<float> now(rows.dim());
            for (std::uint32_t row = begin; row < end; ++row) {
                const auto found = find(*like, ids, row);
                if (!found) continue;
                const std::uint32_t item = like->item_of(*found);
                opened::vector_of(*like, item, before);
                if (rows.bits()) {
                    codes::unpack_bits(rows.words(row), now);
                } else {
                    rows.copy(row, now);
                }
                if (!is_moved(kernels, now, before, directions)) old_item_of_[row] = item;
            }
        },
        watch);
    // Not above: a damaged file may lead two rows to one item.
    for (std::uint32_t row = 0; row < count_; ++row) {
        if (old_item_of_[row] != none) row_of_old_[old_item_of_[row]] = row;
    }
}

bool GivenCandidates::append_like(std::uint32_t row, std::vector<std::uint32_t>& some) const {
    const std::uint32_t item = old_item_of_[row];
    if (item == none) return false;
    const opened::GraphView& graph = *like_->graph;
    std::vector<std::uint32_t> neighbors(graph.degree);
    const std::size_t had = graph.neighbors(item, like_->description.count, neighbors.data());
    neighbors.resize(had);
    std::size_t left = 0;
    for (const std::uint32_t neighbor : neighbors) {
        if (row_of_old_[neighbor] == none) continue;
        some.push_back(row_of_old_[neighbor]);
        ++left;
    }
    return left > 0 && left * 2 >= had;
}

Given GivenCandidates::append(std::uint32_t row, std::vector<std::uint32_t>& some) const {
    const bool by_like = like_ != nullptr && append_like(row, some);
    if (columns_ == 0) return by_like ? Given::neighbors : Given::too_few;
    std::size_t distinct = 0;
    for (std::size_t i = 0; i < columns_; ++i) {
        // Checked again: another thread may write to the caller's array.
        const std::int64_t other = base::read_once(matrix_[row * columns_ + i]);
        if (other < 0 || other >= count_ || other == row) continue;
        const auto each = static_cast<std::uint32_t>(other);
        distinct += std::ranges::find(some, each) == some.end() ? 1 : 0;
        some.push_back(each);
    }
    return by_like || distinct >= std::min<std::size_t>(enough, count_ - 1) ? Given::enough : Given::too_few;
}

GivenTo take_given(const graph::Distances& distances, const Give& give, unsigned threads, const StageWatch& watch,
                   graph::CandidateLists& lists, graph::Adjacency& graph) {
    const std::uint32_t count = distances.count();
    GivenTo given;
    given.n_wanted = count;
    if (!give) return given;
    given.items.resize(count);
    run_blocks(
        "candidates", count, threads,
        [&](std::size_t, std::uint32_t begin, std::uint32_t end) {
            std::vector<graph::ItemId> some;
            std::vector<float> to;
            std::vector<graph::Candidate> best;
            for (graph::ItemId item = begin; item < end; ++item) {
                some.clear();
                given.items[item] = give(item, some);
                std::sort(some.begin(), some.end());
                some.erase(std::unique(some.begin(), some.end()), some.end());
                std::erase(some, item);
                if (!given.has_neighbors(item)) {
                    offer(distances, item, some, to, best, lists);
                } else if (some.size() <= graph.degree()) {
                    graph.set(item, some);
                } else {
                    graph.set(item, graph::nearest(distances, item, some, graph.degree()));
                }
            }
        },
        watch, items_a_task);
    given.n_wanted = static_cast<std::uint32_t>(std::ranges::count(given.items, Given::too_few));
    given.n_neighbors = static_cast<std::uint32_t>(std::ranges::count(given.items, Given::neighbors));
    if (given.n_wanted * most_sought > count) return given;
    given.wanted.resize(count);
    std::ranges::transform(given.items, given.wanted.begin(), [](Given each) { return each == Given::too_few; });
    return given;
}

}  // namespace nearfile::build
